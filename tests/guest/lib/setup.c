/*
 * From the PVH entry to test_main() and from there to the last line. What is
 * found here (start_info, hypervisor leaves, shared_info) is what the header
 * promises to tests.
 */
#include "guest.h"

struct hvm_start_info *start_info;
const char *cmdline = "";
uint32_t hv_base;
bool is_dom0;
struct mailbox *mailbox;

static unsigned char shared_info_page[4096] PAGE_ALIGNED;
extern struct shared_info shared_info __attribute__((alias("shared_info_page")));
static unsigned char grant_page[4096] PAGE_ALIGNED;
extern grant_entry_v1_t grant_table[PAGE_SIZE / sizeof(grant_entry_v1_t)]
	__attribute__((alias("grant_page")));

extern uint32_t start_info_paddr;
void guest_start(void);

static void find_hypervisor(void)
{
	uint32_t r[4], base;

	for (base = 0x40000000; base < 0x40010000; base += 0x100) {
		cpuid(base, 0, r);
		if (r[1] == 0x566e6558 && r[2] == 0x65584d4d && r[3] == 0x4d4d566e) {
			hv_base = base;
			break;
		}
	}
	cpuid(0, 0, r);
	/* "Auth"enticAMD or "Hygo"nGenuine run on SVM, all others on VMX. */
	hv_bare = r[1] == 0x68747541 || r[1] == 0x6f677948 ? hypercall_vmmcall
							   : hypercall_vmcall;
}

int own_domid(void)
{
	uint32_t r[4];

	cpuid(hv_base + 4, 0, r);
	return r[0] & 0x10 ? (int)r[2] : -1;
}

long map_special(unsigned int space, unsigned long idx, unsigned long gfn)
{
	return hv_add_to_physmap(DOMID_SELF, space, idx, gfn);
}

void mailbox_init(void)
{
	uint64_t pfn = 0;

	if (is_dom0 || hv_get_param(DOMID_SELF, HVM_PARAM_STORE_PFN, &pfn) || !pfn)
		return;
	mailbox = (void *)(unsigned long)(pfn * PAGE_SIZE);
	if (mailbox->magic != MAILBOX_MAGIC)
		mailbox = NULL;
}

long ask(enum mailbox_op op, unsigned long a, unsigned long b, unsigned long c)
{
	uint64_t port = 0;

	if (!mailbox)
		return -XEN_ENOSYS;
	mailbox->op = op;
	mailbox->arg[0] = a;
	mailbox->arg[1] = b;
	mailbox->arg[2] = c;
	barrier();
	mailbox->request++;
	hv_get_param(DOMID_SELF, HVM_PARAM_STORE_EVTCHN, &port);
	hv_event_send((evtchn_port_t)port);
	while (mailbox->reply != mailbox->request)
		hv_sched_yield();
	barrier();
	return (long)mailbox->result;
}

void guest_start(void)
{
	cpu_init(0);
	find_hypervisor();
	start_info = (void *)(unsigned long)start_info_paddr;
	if (start_info && start_info->magic == XEN_HVM_START_MAGIC_VALUE) {
		is_dom0 = start_info->flags & 2; /* SIF_INITDOMAIN */
		if (start_info->cmdline_paddr)
			cmdline = (const char *)(unsigned long)start_info->cmdline_paddr;
	}
	console_init();
	mailbox_init();
	if (!hv_base || map_special(XENMAPSPACE_shared_info, 0, gfn_of(&shared_info)) ||
	    map_special(XENMAPSPACE_grant_table, 0, gfn_of(grant_table)))
		test_error("no hypervisor, or it gives no shared_info or grant table");
	else
		test_main();
	test_end();
}

static const char *find_word(const char *word)
{
	const char *at = cmdline;
	size_t n = strlen(word);

	while ((at = strstr(at, word))) {
		bool starts = at == cmdline || at[-1] == ' ';

		if (starts && (!at[n] || at[n] == ' ' || at[n] == '='))
			return at + n;
		at += n;
	}
	return NULL;
}

bool cmdline_has(const char *word)
{
	return find_word(word) != NULL;
}

unsigned long cmdline_value(const char *word, unsigned long otherwise)
{
	const char *at = find_word(word);
	unsigned long val = 0;

	if (!at || *at++ != '=')
		return otherwise;
	for (; *at >= '0' && *at <= '9'; at++)
		val = val * 10 + (unsigned long)(*at - '0');
	return val;
}
