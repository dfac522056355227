/*
 * Network interfaces: dom0's xen-netback makes vif<domid>.<id>, which is then
 * named, put into its bridge and brought up with ioctls. No script runs.
 */
#include <errno.h>
#include <linux/if.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libdom/build.h"

int vif_check(const struct vm_vif *vif, struct dom_error *err)
{
	char path[128];
	int ret = device_check_driver("vif", err);

	if (ret)
		return ret;
	if (strlen(vif->bridge) < IFNAMSIZ && !strchr(vif->bridge, '/')) {
		snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", vif->bridge);
		if (access(path, F_OK) == 0)
			return 0;
		snprintf(path, sizeof(path), "/sys/class/net/%s", vif->bridge);
		if (access(path, F_OK) == 0)
			return dom_fail(err, -ENODEV,
					"%s: is a network interface, but not a bridge: "
					"name a bridge (ip link show type bridge)",
					vif->bridge);
	}
	return dom_fail(err, -ENODEV,
			"%s: no such bridge: make it first (ip link add %s type bridge) "
			"or name another", vif->bridge, vif->bridge);
}

/* --- addresses ------------------------------------------------------------ */

static void mac_text(const uint8_t mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

void vif_pick_mac(const char *name, uint32_t devid, unsigned int turn,
		  uint8_t mac[6])
{
	char text[DOM_NAME_SIZE + 32];
	uint8_t hash[32];
	int n = snprintf(text, sizeof(text), "%s/%u/%u", name, devid, turn);

	blake2b_256(text, (size_t)n, hash);
	mac[0] = 0x00;
	mac[1] = 0x16;
	mac[2] = 0x3e;
	mac[3] = hash[0] & 0x7f;
	mac[4] = hash[1];
	mac[5] = hash[2];
}

static bool domain_has_mac(struct dom *dom, const char *domid, const char *mac)
{
	char path[STORE_PATH_MAX], value[32];
	struct xs_dir ids;
	bool found = false;
	size_t i;

	snprintf(path, sizeof(path), "/local/domain/0/backend/vif/%.10s", domid);
	if (xs_directory(dom->xs, XS_TX_NONE, path, &ids) != 0)
		return false;
	for (i = 0; i < ids.count && !found; i++) {
		snprintf(path, sizeof(path), "/local/domain/0/backend/vif/%.10s/%.10s/mac",
			 domid, ids.name[i]);
		found = xs_read(dom->xs, XS_TX_NONE, path, value, sizeof(value)) > 0 &&
			strcasecmp(value, mac) == 0;
	}
	xs_dir_free(&ids);
	return found;
}

static bool mac_taken(struct dom *dom, const struct vm_config *cfg,
		      const uint8_t mac[6])
{
	struct xs_dir ids;
	bool found = false;
	char text[18];
	size_t i;

	for (i = 0; i < cfg->nvifs; i++)
		if (cfg->vifs[i].has_mac && memcmp(cfg->vifs[i].mac, mac, 6) == 0)
			return true;
	mac_text(mac, text);
	if (xs_directory(dom->xs, XS_TX_NONE, "/local/domain/0/backend/vif", &ids) != 0)
		return false;
	for (i = 0; i < ids.count && !found; i++)
		found = domain_has_mac(dom, ids.name[i], text);
	xs_dir_free(&ids);
	return found;
}

#define MAC_TURNS 100

int vif_fill_macs(struct dom *dom, struct vm_config *cfg, struct dom_error *err)
{
	unsigned int turn;
	struct vm_vif *v;

	for (v = cfg->vifs; v < cfg->vifs + cfg->nvifs; v++) {
		for (turn = 0; !v->has_mac && turn < MAC_TURNS; turn++) {
			vif_pick_mac(cfg->name, v->devid, turn, v->mac);
			v->has_mac = !mac_taken(dom, cfg, v->mac);
		}
		if (!v->has_mac)
			return dom_fail(err, -EADDRINUSE,
					"%s: no free MAC for vif %u: give it one with "
					"mac=", cfg->name, v->devid);
	}
	return 0;
}

/* --- dom0's end ----------------------------------------------------------- */

static int set_name(int sock, struct ifreq *ifr, const char *name)
{
	if (strlen(name) >= IFNAMSIZ)
		return -ENAMETOOLONG;
	snprintf(ifr->ifr_newname, IFNAMSIZ, "%s", name);
	if (ioctl(sock, SIOCSIFNAME, ifr) < 0)
		return -errno;
	snprintf(ifr->ifr_name, IFNAMSIZ, "%s", name);
	return 0;
}

static int set_mtu(int sock, struct ifreq *ifr, const struct vm_vif *vif)
{
	struct ifreq bridge = {0};

	snprintf(bridge.ifr_name, IFNAMSIZ, "%s", vif->bridge);
	if (ioctl(sock, SIOCGIFMTU, &bridge) < 0)
		return -errno;
	ifr->ifr_mtu = vif->mtu ? (int)vif->mtu : bridge.ifr_mtu;
	return ioctl(sock, SIOCSIFMTU, ifr) < 0 ? -errno : 0;
}

static int join_bridge(int sock, const struct ifreq *ifr, const char *bridge)
{
	struct ifreq port = *ifr, br = {0};

	if (ioctl(sock, SIOCGIFINDEX, &port) < 0)
		return -errno;
	snprintf(br.ifr_name, IFNAMSIZ, "%s", bridge);
	br.ifr_ifindex = port.ifr_ifindex;
	return ioctl(sock, SIOCBRADDIF, &br) < 0 ? -errno : 0;
}

static int bring_up(int sock, struct ifreq *ifr)
{
	if (ioctl(sock, SIOCGIFFLAGS, ifr) < 0)
		return -errno;
	ifr->ifr_flags |= IFF_UP;
	return ioctl(sock, SIOCSIFFLAGS, ifr) < 0 ? -errno : 0;
}

static int plug_in(const struct device *d, const struct vm_vif *vif,
		   struct dom_error *err)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {0};
	const char *what = "no socket";
	int ret = sock < 0 ? -errno : 0;

	snprintf(ifr.ifr_name, IFNAMSIZ, "vif%u.%u", d->domid, d->id);
	if (ret == 0 && vif->vifname) {
		what = "cannot take its name";
		ret = set_name(sock, &ifr, vif->vifname);
	}
	if (ret == 0) {
		what = "cannot set its MTU";
		ret = set_mtu(sock, &ifr, vif);
	}
	if (ret == 0) {
		what = "cannot join its bridge";
		ret = join_bridge(sock, &ifr, vif->bridge);
	}
	if (ret == 0) {
		what = "cannot be brought up";
		ret = bring_up(sock, &ifr);
	}
	if (sock >= 0)
		close(sock);
	if (ret)
		return dom_fail_errno(err, ret, "vif%u.%u (bridge %s): %s", d->domid,
				      d->id, vif->bridge, what);
	return 0;
}

/* --- attaching ------------------------------------------------------------ */

static int write_nodes(struct dom *dom, const struct device *d,
		       const struct vm_vif *vif, struct dom_error *err)
{
	struct node_list front = {0}, back = {0};
	char mac[18];
	int ret;

	mac_text(vif->mac, mac);
	node_put(&front, "handle", "%u", d->id);
	node_put(&front, "mac", "%s", mac);
	node_put(&front, "trusted", "%d", !vif->untrusted);
	node_put(&back, "handle", "%u", d->id);
	node_put(&back, "mac", "%s", mac);
	node_put(&back, "bridge", "%s", vif->bridge);
	/* netback insists on this node, though nothing is run here */
	node_put(&back, "script", "%s", "");
	node_put(&back, "type", "vif");
	if (vif->vifname)
		node_put(&back, "vifname", "%s", vif->vifname);
	if (vif->ip)
		node_put(&back, "ip", "%s", vif->ip);
	if (vif->rate_bytes)
		node_put(&back, "rate", "%llu,%u",
			 (unsigned long long)vif->rate_bytes, vif->rate_usecs);
	ret = device_write(dom, d, &front, &back, err);
	node_list_free(&front);
	node_list_free(&back);
	return ret;
}

int vif_attach(struct dom *dom, uint32_t domid, const struct vm_vif *vif,
	       struct dom_error *err)
{
	struct device d = {"vif", domid, vif->devid};
	char front[STORE_PATH_MAX], back[STORE_PATH_MAX], path[STORE_JOIN_MAX];
	int ret = write_nodes(dom, &d, vif, err);

	device_paths(&d, front, back);
	snprintf(path, sizeof(path), "%s/hotplug-status", back);
	if (ret == 0)
		ret = device_wait(dom, &d, "net", err);
	if (ret == 0)
		ret = plug_in(&d, vif, err);
	if (ret == 0) {
		ret = xs_printf(dom->xs, XS_TX_NONE, path, "connected");
		if (ret)
			dom_fail_errno(err, ret, "vif %u: xenstore does not take its "
				       "state", d.id);
	}
	if (ret)
		device_remove(dom, &d);
	return ret;
}

void vif_detach(struct dom *dom, uint32_t domid, uint32_t devid)
{
	device_remove(dom, &(struct device){"vif", domid, devid});
}
