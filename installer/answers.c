/*
 * The table of an answer file's keys and the setters behind it; see answers.h.
 * A setter checks one value and stores it; what only the whole file shows is
 * checked at the end, by check_whole().
 */
#include "answers.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/match.h"
#include "libconf/conf.h"

__attribute__((format(printf, 2, 3)))
static int bad(struct answer_problem *p, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, ap);
	va_end(ap);
	return -EINVAL;
}

static bool only(const char *s, const char *extra)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(extra, *s))
			return false;
	return true;
}

static int store(char **field, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

static int list_add(struct answer_list *list, const char *value)
{
	char **text = realloc(list->text, (list->n + 1) * sizeof(*text));

	if (!text)
		return -ENOMEM;
	list->text = text;
	text[list->n] = strdup(value);
	if (!text[list->n])
		return -ENOMEM;
	list->n++;
	return 0;
}

/* Which of the words in "a, b, c" is @value; -1: none. */
static int choice(const char *words, const char *value)
{
	size_t n = strlen(value);

	for (int i = 0; *words; i++) {
		size_t len = strcspn(words, ",");

		if (len == n && !memcmp(words, value, n))
			return i;
		words += len;
		words += strspn(words, ", ");
	}
	return -1;
}

static int set_choice(const struct answer_key *k, void *field, const char *v,
		      struct answer_problem *p)
{
	int i = choice(k->values, v);

	if (i < 0)
		return bad(p, "%s: \"%.60s\" is not known: give one of: %s",
			   k->name, v, k->values);
	*(unsigned int *)field = (unsigned int)i;
	return 0;
}

/* A choice that is kept as its word. */
static int set_word(const struct answer_key *k, void *field, const char *v,
		    struct answer_problem *p)
{
	unsigned int i;

	return set_choice(k, &i, v, p) ? -EINVAL : store(field, v);
}

static int set_match(const struct answer_key *k, void *field, const char *v,
		     struct answer_problem *p)
{
	struct match m;
	char why[200];

	if (match_parse(&m, v, why, sizeof(why)))
		return bad(p, "%s: %s", k->name, why);
	return list_add(field, v);
}

static int set_storage_disk(const struct answer_key *k, void *field,
			    const char *v, struct answer_problem *p)
{
	struct match m;
	char why[200];

	if (strcmp(v, "rest") && match_parse(&m, v, why, sizeof(why)))
		return bad(p, "%s: %s", k->name, why);
	return store(field, v);
}

static int set_source(const struct answer_key *k, void *field, const char *v,
		      struct answer_problem *p)
{
	if (strcmp(v, "medium") && *v != '/')
		return bad(p, "%s: \"%.60s\" is not a path: give \"medium\" or a "
			   "path that begins with /", k->name, v);
	return store(field, v);
}

static int set_hostname(const struct answer_key *k, void *field, const char *v,
			struct answer_problem *p)
{
	size_t label = 0;

	for (const char *c = v;; c++) {
		bool end = *c == '.' || !*c;

		if (end ? !label || c[-1] == '-'
			: label >= 63 || !(isalnum((unsigned char)*c) ||
					   (*c == '-' && label)))
			return bad(p, "%s: \"%.70s\" is not a host name: letters, "
				   "digits and inner \"-\", parts of 1 to 63",
				   k->name, v);
		label = end ? 0 : label + 1;
		if (!*c)
			break;
	}
	if (strlen(v) > 63)
		return bad(p, "%s: over 63 characters: shorten it", k->name);
	return store(field, v);
}

static int set_timezone(const struct answer_key *k, void *field, const char *v,
			struct answer_problem *p)
{
	if (*v == '/' || strstr(v, "..") || strlen(v) > 60 || !only(v, "_+-/"))
		return bad(p, "%s: \"%.60s\" is not a time zone: write it as "
			   "Europe/Berlin or UTC", k->name, v);
	return store(field, v);
}

static int set_keyboard(const struct answer_key *k, void *field, const char *v,
			struct answer_problem *p)
{
	if (strlen(v) > 40 || !only(v, "_-"))
		return bad(p, "%s: \"%.60s\" is not the name of a key map: write "
			   "it as us or de", k->name, v);
	return store(field, v);
}

static int set_ntp(const struct answer_key *k, void *field, const char *v,
		   struct answer_problem *p)
{
	if (strlen(v) > 253 || !only(v, ".:-"))
		return bad(p, "%s: \"%.60s\" is not a host name or address: give "
			   "one server a line", k->name, v);
	return list_add(field, v);
}

static int set_minutes(const struct answer_key *k, void *field, const char *v,
		       struct answer_problem *p)
{
	long n;

	if (conf_number(v, 0, 1440, &n))
		return bad(p, "%s: \"%.20s\" is not a number from 0 to 1440",
			   k->name, v);
	*(int *)field = (int)n;
	return 0;
}

static int set_password(const struct answer_key *k, void *field, const char *v,
			struct answer_problem *p)
{
	if (strlen(v) < 8 || strlen(v) > 128)
		return bad(p, "%s: its length is not 8 to 128: choose another, or "
			   "leave the key out for none", k->name);
	return store(field, v);
}

static int set_hash(const struct answer_key *k, void *field, const char *v,
		    struct answer_problem *p)
{
	bool known = !strncmp(v, "$5$", 3) || !strncmp(v, "$6$", 3);

	if (!known || strlen(v) < 20 || strlen(v) > 250 || !only(v, "$./="))
		return bad(p, "%s: not a SHA-crypt password ($5$… or $6$…): make "
			   "one with mkpasswd -m sha512crypt", k->name);
	return store(field, v);
}

static int set_ssh_key(const struct answer_key *k, void *field, const char *v,
		       struct answer_problem *p)
{
	static const char *const kinds[] = {"ssh-ed25519 ", "ssh-rsa ",
		"ecdsa-sha2-nistp256 ", "ecdsa-sha2-nistp384 ",
		"ecdsa-sha2-nistp521 ", "sk-ssh-ed25519@openssh.com "};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t n = strlen(kinds[i]);

		/* All keys' encoded part begins with the length of a name. */
		if (!strncmp(v, kinds[i], n) && !strncmp(v + n, "AAAA", 4))
			return list_add(field, v);
	}
	return bad(p, "%s: \"%.40s…\" is not a public key: give the line of the "
		   ".pub file, as ssh-ed25519 AAAA…", k->name, v);
}

static int set_take(const struct answer_key *k, void *field, const char *v,
		    struct answer_problem *p)
{
	unsigned int bits = 0;
	char word[16];

	if (!strcmp(v, "none")) {
		*(unsigned int *)field = 0;
		return 0;
	}
	for (const char *s = v + strspn(v, ", "); *s; s += strspn(s, ", ")) {
		size_t n = strcspn(s, ", ");
		int i;

		snprintf(word, sizeof(word), "%.*s", (int)(n < 15 ? n : 15), s);
		i = choice("vms, network, settings, keys", word);
		if (i < 0)
			return bad(p, "%s: \"%s\" is not known: give some of: %s",
				   k->name, word, k->values);
		bits |= 1u << i;
		s += n;
	}
	*(unsigned int *)field = bits;
	return 0;
}

static int set_memory(const struct answer_key *k, void *field, const char *v,
		      struct answer_problem *p)
{
	uint64_t n = 0;

	if (strcmp(v, "auto") &&
	    (match_size(v, &n) || n < (128ull << 20) || n > (1ull << 40)))
		return bad(p, "%s: \"%.30s\" is not \"auto\" or a size from 128M "
			   "to 1T", k->name, v);
	*(uint64_t *)field = n & ~0xfffffull;
	return 0;
}

#define AT(member) offsetof(struct answers, member)

const struct answer_key answer_keys[] = {
	{"action", "install, upgrade, restore", "", "what to do",
	 false, AT(action), set_choice},
	{"disk", "a match", "", "the system disk; two for RAID 1",
	 true, AT(disk), set_match},
	{"raid", "none, raid1", "none", "one disk, or two mirrored ones",
	 false, AT(raid), set_choice},
	{"existing", "refuse, wipe", "refuse", "when a chosen disk holds data",
	 false, AT(existing), set_choice},
	{"storage", "lvm, directory, none", "lvm", "where VMs' disks live",
	 false, AT(storage), set_choice},
	{"storage_disk", "rest, or a match", "rest", "which disk that is on",
	 false, AT(storage_disk), set_storage_disk},
	{"source", "medium, or a path", "medium", "the ISO to install",
	 false, AT(source), set_source},
	{"hostname", "a name", "basalt", "the host's name",
	 false, AT(hostname), set_hostname},
	{"timezone", "as Europe/Berlin", "UTC", "the time zone",
	 false, AT(timezone), set_timezone},
	{"ntp", "a name or address", "", "a time server",
	 true, AT(ntp), set_ntp},
	{"keyboard", "a key map", "us", "the keyboard's layout",
	 false, AT(keyboard), set_keyboard},
	{"lock_minutes", "0 to 1440", "", "idle time until the console locks",
	 false, AT(lock_minutes), set_minutes},
	{"root_password", "text", "", "root's password",
	 false, AT(root_password), set_password},
	{"root_password_hash", "$6$…", "", "the same, hashed",
	 false, AT(root_password_hash), set_hash},
	{"operator_password", "text", "", "the operator's password",
	 false, AT(operator_password), set_password},
	{"operator_password_hash", "$6$…", "", "the same, hashed",
	 false, AT(operator_password_hash), set_hash},
	{"ssh_key", "ssh-ed25519 AAAA…", "", "a key that may log in",
	 true, AT(ssh_key), set_ssh_key},
	{"take_along", "vms, network, settings, keys, none", "none",
	 "what to keep of the live system", false, AT(take_along), set_take},
	{"dom0_memory", "auto, or a size", "auto", "the control domain's memory",
	 false, AT(dom0_memory), set_memory},
	{"serial", "com1, com2, none", "com1", "the port that carries the console",
	 false, AT(serial), set_word},
	{"end", "stop, reboot, poweroff", "reboot", "what comes after",
	 false, AT(end), set_choice},
};
const size_t answer_keys_n = sizeof(answer_keys) / sizeof(*answer_keys);

static const struct answer_key *find(const char *name)
{
	for (size_t i = 0; i < answer_keys_n; i++)
		if (!strcmp(answer_keys[i].name, name))
			return &answer_keys[i];
	return NULL;
}

static bool is_net(const char *key)
{
	return !strncmp(key, ANSWER_NET, strlen(ANSWER_NET)) &&
	       key[strlen(ANSWER_NET)];
}

static int set_net(struct answers *a, const char *key, const char *value)
{
	char line[ANSWER_TEXT_MAX + 128];

	snprintf(line, sizeof(line), "%.100s = %s", key + strlen(ANSWER_NET), value);
	return list_add(&a->net, line);
}

static int set(struct answers *a, const char *key, const char *value,
	       struct answer_problem *p)
{
	const struct answer_key *k = find(key);
	int err;

	if (strlen(value) >= ANSWER_TEXT_MAX)
		return bad(p, "%.40s: the value is over %d characters: shorten it",
			   key, ANSWER_TEXT_MAX - 1);
	if (!k && !is_net(key))
		return bad(p, "%.60s: unknown key: see docs/ANSWERS.md for the "
			   "keys there are", key);
	if (!*value)
		return bad(p, "%.60s: no value: give one, or leave the line out",
			   key);
	err = k ? k->set(k, (char *)a + k->at, value, p) : set_net(a, key, value);
	if (err == -ENOMEM)
		return bad(p, "%.60s: out of memory", key);
	return err;
}

int answer_check(const char *key, const char *value,
		 struct answer_problem *problem)
{
	struct answers a = {0};
	int err;

	problem->line = 0;
	problem->text[0] = '\0';
	err = set(&a, key, value, problem);
	answers_free(&a);
	return err;
}

/* A growing list of problems that says when it is full. */
struct problems {
	struct answer_problem *list;
	int n, max;
};

static struct answer_problem *next(struct problems *ps, int line)
{
	static struct answer_problem overflow;
	struct answer_problem *p = ps->n < ps->max ? &ps->list[ps->n++] : &overflow;

	p->line = line;
	return p;
}

static void check_install(const struct answers *a, struct problems *ps)
{
	size_t disks = a->raid == RAID_1 ? 2 : 1;

	if (a->disk.n != disks)
		bad(next(ps, 0), "disk: given %zu times: %s", a->disk.n,
		    disks == 2 ? "raid1 wants two disks: give two \"disk\" lines"
		    : "one is wanted: give one \"disk\" line, or raid = raid1");
	if (a->storage == STORAGE_NONE && strcmp(a->storage_disk, "rest"))
		bad(next(ps, 0), "storage_disk: storage is \"none\": leave one out");
	if (*a->root_password && *a->root_password_hash)
		bad(next(ps, 0), "root_password: given plain and hashed: leave one out");
	if (*a->operator_password && *a->operator_password_hash)
		bad(next(ps, 0), "operator_password: given plain and hashed: leave "
		    "one out");
}

static void check_whole(const struct answers *a, uint64_t given,
			struct problems *ps)
{
	static const char *const others = "action, disk, source, end";

	if (!(given & 1)) {
		bad(next(ps, 0), "action: not given: say install, upgrade or restore");
		return;
	}
	if (a->action == ACTION_INSTALL) {
		check_install(a, ps);
		return;
	}
	for (size_t i = 0; i < answer_keys_n; i++)
		if (given & (1ull << i) && choice(others, answer_keys[i].name) < 0)
			bad(next(ps, 0), "%s: has no meaning here: leave it out, "
			    "%s keeps the settings", answer_keys[i].name,
			    a->action == ACTION_UPGRADE ? "upgrade" : "restore");
	if (a->net.n)
		bad(next(ps, 0), "net.*: has no meaning here: leave it out");
	if (a->disk.n > 1)
		bad(next(ps, 0), "disk: given %zu times: name one disk of the "
		    "installation", a->disk.n);
}

/* Strings that were not given become "". */
static int fill_in(struct answers *a)
{
	static const size_t strings[] = {AT(source), AT(hostname), AT(timezone),
		AT(keyboard), AT(root_password), AT(root_password_hash),
		AT(operator_password), AT(operator_password_hash), AT(serial)};

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		char **s = (char **)((char *)a + strings[i]);

		if (!*s && !(*s = strdup("")))
			return -ENOMEM;
	}
	return 0;
}

static int defaults(struct answers *a)
{
	struct answer_problem p;
	int err = 0;

	memset(a, 0, sizeof(*a));
	a->lock_minutes = -1;
	for (size_t i = 0; i < answer_keys_n && !err; i++) {
		const struct answer_key *k = &answer_keys[i];

		if (*k->fallback && !k->repeats)
			err = k->set(k, (char *)a + k->at, k->fallback, &p);
	}
	return err ? err : fill_in(a);
}

static uint64_t take_lines(struct answers *a, const struct conf *c,
			   struct problems *ps)
{
	const struct conf_line *l;
	uint64_t given = 0;
	size_t at = 0;

	while ((l = conf_next(c, NULL, &at))) {
		const struct answer_key *k = find(l->key);
		struct answer_problem p = {.line = (int)l->number};

		if (k && !k->repeats && given & (1ull << (k - answer_keys)))
			bad(&p, "%s: given twice: leave one out", l->key);
		else if (!set(a, l->key, l->value, &p)) {
			if (k)
				given |= 1ull << (k - answer_keys);
			continue;
		}
		*next(ps, p.line) = p;
	}
	return given;
}

int answers_parse(struct answers *a, const char *text, size_t size,
		  struct answer_problem *problems, int max)
{
	struct problems ps = {problems, 0, max};
	struct conf_error err;
	struct conf c;
	uint64_t given;

	_Static_assert(sizeof(answer_keys) / sizeof(*answer_keys) <= 64,
		       "a bit each");
	if (defaults(a)) {
		bad(next(&ps, 0), "out of memory");
		return ps.n;
	}
	if (size > ANSWER_FILE_MAX) {
		bad(next(&ps, 0), "over %d octets: this is no answer file",
		    ANSWER_FILE_MAX);
		return ps.n;
	}
	if (conf_parse(&c, text, size, NULL, &err)) {
		bad(next(&ps, (int)err.line), "%.250s", err.text);
		return ps.n;
	}
	given = take_lines(a, &c, &ps);
	a->given = given;
	conf_free(&c);
	check_whole(a, given, &ps);
	return ps.n;
}

int answers_load(struct answers *a, const char *path,
		 struct answer_problem *problems, int max)
{
	struct problems ps = {problems, 0, max};
	char *text;
	size_t size;
	int err = file_read(path, ANSWER_FILE_MAX, &text, &size);

	if (err) {
		if (defaults(a))
			err = -ENOMEM;
		bad(next(&ps, 0), "%.150s: %s: give the path of an answer file",
		    path, strerror(-err));
		return ps.n;
	}
	err = answers_parse(a, text, size, problems, max);
	free(text);
	return err;
}

bool answers_given(const struct answers *a, const char *key)
{
	const struct answer_key *k = find(key);

	return k && a->given & (1ull << (k - answer_keys));
}

bool answers_plain(const struct answers *a, char *note, size_t n)
{
	const char *key = *a->root_password ? "root_password" :
			  *a->operator_password ? "operator_password" : NULL;

	if (key)
		snprintf(note, n, "note: %s is given in plain text: whoever reads "
			 "the answer file knows it: give %s_hash instead, made with "
			 "mkpasswd -m sha512crypt", key, key);
	return key != NULL;
}

static void list_free(struct answer_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->text[i]);
	free(l->text);
}

void answers_free(struct answers *a)
{
	list_free(&a->disk);
	list_free(&a->ntp);
	list_free(&a->ssh_key);
	list_free(&a->net);
	free(a->storage_disk);
	free(a->source);
	free(a->hostname);
	free(a->timezone);
	free(a->keyboard);
	free(a->root_password);
	free(a->root_password_hash);
	free(a->operator_password);
	free(a->operator_password_hash);
	free(a->serial);
	memset(a, 0, sizeof(*a));
}
