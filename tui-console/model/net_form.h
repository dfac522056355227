/*
 * What the fields for one interface hold, and the configuration that comes of
 * them. No terminal, no system calls: libnet's parser says what is wrong.
 */
#ifndef MODEL_NET_FORM_H
#define MODEL_NET_FORM_H

#include "libnet/net.h"

struct net_form {
	int kind; /* enum net_kind */
	char name[NET_NAME];
	char mac[18];			  /* of the card that has this name; kept */
	char ports[NET_PORTS * NET_NAME]; /* with commas or blanks between */
	int mode;			  /* enum net_mode */
	char on[NET_NAME], id[8];
	int ipv4; /* enum net_ipv4 */
	char addr4[24], gateway4[20];
	int ipv6; /* enum net_ipv6 */
	char addr6[56], gateway6[48];
	char mtu[8];
	bool nat;
	char first[20], last[20]; /* addresses for VMs; both empty: none */
};

/* From an interface that is configured. */
void net_form_from(struct net_form *f, const struct net_link *l);

/* Its line's value, as network.conf has it. */
void net_form_line(const struct net_form *f, char *buf, size_t size);

/*
 * c with the form's interface in the place of the one named old (NULL: one more),
 * into *out. Whatever makes no sense is refused: -EINVAL and the reason. Ports that
 * have a line without meaning of their own lose it: a card with an address that
 * becomes a port keeps none.
 */
int net_form_put(const struct net_form *f, const char *old, const struct net_config *c,
		 struct net_config *out, struct conf_error *err);

/* c without the interface; it must not be needed by another one. */
int net_form_without(const char *name, const struct net_config *c,
		     struct net_config *out, struct conf_error *err);

/* Name servers and search domains, with blanks between, in the place of c's. */
int net_form_names(const char *dns, const char *search, const struct net_config *c,
		   struct net_config *out, struct conf_error *err);

#endif
