/*
 * network show: what there is, for people.
 */
#include <stdio.h>
#include <string.h>

#include "network/network.h"

static void print_speed(const struct net_port *p)
{
	if (!p->up)
		printf(" %-10s", "off");
	else if (!p->link)
		printf(" %-10s", "no link");
	else if (p->speed > 0)
		printf(" %-10d", p->speed);
	else
		printf(" %-10s", "up");
}

static void print_port(const struct net_port *p)
{
	char kind[64];

	snprintf(kind, sizeof(kind), "%s", p->kind);
	if (p->vlan)
		snprintf(kind, sizeof(kind), "vlan %u", p->vlan);
	printf("%-15s %-9s", p->name, kind);
	print_speed(p);
	printf(" %02x:%02x:%02x:%02x:%02x:%02x %-15s", p->mac[0], p->mac[1], p->mac[2],
	       p->mac[3], p->mac[4], p->mac[5], *p->master ? p->master : p->on);
	for (size_t i = 0; i < p->naddrs; i++)
		if (strncmp(p->addrs[i], "fe80:", 5))
			printf(" %s", p->addrs[i]);
	putchar('\n');
}

int cmd_show(struct job *j)
{
	struct net_status s;
	int left = net_trial_left(j->root);

	if (net_status(&s, j->root, &j->err))
		return command_failed(j);
	printf("%-15s %-9s %-10s %-17s %-15s %s\n", "Interface", "Kind", "Link", "MAC",
	       "Of", "Addresses");
	for (size_t i = 0; i < s.nports; i++)
		print_port(&s.ports[i]);
	if (*s.gateway4)
		printf("Gateway: %s (%s)\n", s.gateway4, s.gateway4_dev);
	if (*s.gateway6)
		printf("Gateway: %s (%s)\n", s.gateway6, s.gateway6_dev);
	for (size_t i = 0; i < s.ndns; i++)
		printf("%s%s%s", i ? " " : "Name servers: ", s.dns[i],
		       i + 1 == s.ndns ? "\n" : "");
	if (left >= 0)
		printf("On trial: goes back in %d s unless `network confirm` is run\n",
		       left);
	net_status_free(&s);
	return 0;
}
