/* Changing the host's network: forms, each of which ends in a trial. */
#ifndef NET_EDIT_H
#define NET_EDIT_H

#include "libnet/net.h"
#include "ui/ui.h"

/* What is set, with the card that `any` stands for by its name. */
int net_edit_config(struct net_config *c, struct conf_error *err);

/* kind: as struct net_port has it. */
void net_edit(struct ui *ui, const char *name, const char *kind);
void net_edit_new(struct ui *ui);
void net_edit_delete(struct ui *ui, const char *name);
void net_edit_names(struct ui *ui);

#endif
