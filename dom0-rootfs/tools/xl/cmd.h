/*
 * xl's commands. One command is one file with one constant table entry; parsing of
 * its arguments, its help and its dispatch all derive from that entry.
 */
#ifndef XL_CMD_H
#define XL_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libdom/libdom.h"

/* Exit statuses, which are also what a command's run() returns. */
enum { XL_OK = 0, XL_FAILED = 1, XL_USAGE = 2 };

#define XL_OPTIONS_MAX 12

struct xl_option {
	char letter;	   /* 0 ends the list; > 127 is not used */
	const char *name;  /* of --name, or NULL */
	const char *value; /* what stands behind it, or NULL for a flag */
	const char *help;
};

/* What was given, after checking against the command's entry. */
struct xl_args {
	unsigned int count[128];  /* how often, by letter */
	const char *value[128];	  /* of the last one, by letter */
	char **operand;
	unsigned int noperands;
};

struct xl {
	struct dom *dom; /* use xl_dom() */
	bool verbose;	 /* xl -v */
	bool dry_run;	 /* xl -N */
	char word[DOM_NAME_SIZE]; /* xl_domain_word()'s */
};

struct xl_cmd {
	const char *name;
	const char *usage;   /* operands, such as "[OPTIONS] DOMAIN" */
	const char *summary; /* one line */
	unsigned int min_operands, max_operands;
	struct xl_option options[XL_OPTIONS_MAX];
	int (*run)(struct xl *xl, const struct xl_args *args);
};

/* All of them, in the order in which help shows them. */
extern const struct xl_cmd *const xl_cmds[];
extern const size_t xl_ncmds;

/* By name or unique beginning of a name; NULL when there is none. */
const struct xl_cmd *cmd_find(const char *name);
/* The command somebody could have meant, or NULL. */
const char *cmd_near(const char *name);

/*
 * Sorts argv (without the command's name) into *args; argv is reordered. -1 with
 * one line in problem when it does not fit the entry; 1 when -h or --help was
 * given; otherwise 0. Options may stand anywhere before "--".
 */
int cmd_parse(const struct xl_cmd *cmd, int argc, char **argv, struct xl_args *args,
	      char *problem, size_t size);

void cmd_help(const struct xl_cmd *cmd, bool to_stderr);
void cmd_help_all(bool to_stderr);

/* "xl: …" on stderr. */
void xl_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The connection, opened at first use; NULL after saying why not. */
struct dom *xl_dom(struct xl *xl);

/* All domains, to be freed: XL_OK, or XL_FAILED after saying why not. */
int xl_domains(struct xl *xl, struct dom_info **list, size_t *n);

/* Name or id to id: XL_OK, or XL_FAILED after saying why not. */
int xl_find(struct xl *xl, const char *who, uint32_t *domid);

/*
 * Runs fn on the one domain that operand 0 names: what most commands are. Says
 * what went wrong.
 */
int xl_on_domain(struct xl *xl, const struct xl_args *args,
		 int (*fn)(struct dom *dom, uint32_t domid, struct dom_error *err));

/* The name to show for a domain that may have none: "(null)", as scripts know it. */
const char *xl_name(const struct dom_info *info);

/* Its name for messages, in a buffer of *xl. */
const char *xl_domain_word(struct xl *xl, uint32_t domid);

/* Operands from first on as one text with commas between: XL_OK, or XL_USAGE and an
 * empty text when it does not fit. */
int xl_join(const struct xl_args *args, unsigned int first, char *text, size_t size);

extern const struct xl_cmd cmd_autostart, cmd_block_attach, cmd_block_detach,
	cmd_block_list, cmd_clone, cmd_config_update, cmd_console, cmd_create, cmd_define,
	cmd_debug_keys, cmd_defined, cmd_destroy, cmd_dmesg, cmd_domid, cmd_domname, cmd_info,
	cmd_list, cmd_mem_max, cmd_mem_set, cmd_network_attach, cmd_network_detach,
	cmd_network_list,
	cmd_new, cmd_pause, cmd_reboot, cmd_rename, cmd_sched_credit2, cmd_seed, cmd_shutdown,
	cmd_start, cmd_template, cmd_top, cmd_undefine, cmd_unpause, cmd_uptime,
	cmd_vcpu_list, cmd_vcpu_pin, cmd_vcpu_set, cmd_vm_list;

#endif
