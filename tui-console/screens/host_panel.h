/* The host's bars above the table of VMs. */
#ifndef SCREENS_HOST_PANEL_H
#define SCREENS_HOST_PANEL_H

#include "model/host.h"
#include "ui/ui.h"

/* The lines it takes on a screen of that size. */
int host_panel_height(struct ui_rect area);
void host_panel_draw(struct ui *ui, const struct host *h, struct ui_rect area);

#endif
