/*
 * xl's table of commands: look-up, argument parsing; the JSON's layout, which
 * xendomains and others take apart with sed. The commands themselves are stand-ins
 * here: they need a hypervisor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xl/cmd.h"
#include "xl/vm_json.h"

#define STAND_IN(id, word) const struct xl_cmd cmd_##id = { .name = word }

const struct xl_cmd cmd_create = {
	.name = "create",
	.max_operands = 3,
	.options = {
		{ 'f', "defconfig", "FILE", "" },
		{ 'c', NULL, NULL, "" },
		{ 'p', NULL, NULL, "" },
		{ 'q', "quiet", NULL, "" },
	},
};
STAND_IN(autostart, "autostart");
STAND_IN(block_attach, "block-attach");
STAND_IN(block_detach, "block-detach");
STAND_IN(block_list, "block-list");
STAND_IN(clone, "clone");
STAND_IN(config_update, "config-update");
STAND_IN(console, "console");
STAND_IN(define, "define");
STAND_IN(defined, "defined");
STAND_IN(destroy, "destroy");
STAND_IN(dmesg, "dmesg");
STAND_IN(debug_keys, "debug-keys");
STAND_IN(domid, "domid");
STAND_IN(domname, "domname");
STAND_IN(info, "info");
STAND_IN(list, "list");
STAND_IN(mem_max, "mem-max");
STAND_IN(mem_set, "mem-set");
STAND_IN(network_attach, "network-attach");
STAND_IN(network_detach, "network-detach");
STAND_IN(network_list, "network-list");
STAND_IN(new, "new");
STAND_IN(pause, "pause");
STAND_IN(reboot, "reboot");
const struct xl_cmd cmd_rename = { .name = "rename", .min_operands = 2, .max_operands = 2 };
STAND_IN(sched_credit2, "sched-credit2");
STAND_IN(seed, "seed");
STAND_IN(shutdown, "shutdown");
STAND_IN(start, "start");
STAND_IN(template, "template");
STAND_IN(top, "top");
STAND_IN(undefine, "undefine");
STAND_IN(unpause, "unpause");
STAND_IN(uptime, "uptime");
STAND_IN(vcpu_list, "vcpu-list");
STAND_IN(vcpu_pin, "vcpu-pin");
STAND_IN(vcpu_set, "vcpu-set");
STAND_IN(vm_list, "vm-list");

void dom_uuid_text(const uint8_t uuid[16], char text[DOM_UUID_TEXT_SIZE])
{
	(void)uuid;
	strcpy(text, "00000000-0000-0000-0000-000000000000");
}

static void test_find(void **state)
{
	(void)state;
	assert_ptr_equal(cmd_find("list"), &cmd_list);
	assert_ptr_equal(cmd_find("cre"), &cmd_create);
	assert_null(cmd_find("do"));
	assert_null(cmd_find(""));
	assert_null(cmd_find("lst"));
	assert_string_equal(cmd_near("lst"), "list");
	assert_string_equal(cmd_near("shutdwon"), "shutdown");
	assert_null(cmd_near("frobnicate"));
	for (size_t i = 0; i < xl_ncmds; i++)
		assert_ptr_equal(cmd_find(xl_cmds[i]->name), xl_cmds[i]);
}

/* Parses a line of words for a command. */
static int parse(const struct xl_cmd *cmd, char *line, struct xl_args *args,
		 char *problem, size_t size)
{
	static char *words[16];
	int n = 0;

	for (char *w = strtok(line, " "); w; w = strtok(NULL, " "))
		words[n++] = w;
	return cmd_parse(cmd, n, words, args, problem, size);
}

static void test_options(void **state)
{
	char line[] = "-pc a.cfg -fx --quiet vcpus=2 --defconfig=y -q -- -z";
	struct xl_args args;
	char problem[80];

	(void)state;
	assert_int_equal(parse(&cmd_create, line, &args, problem, sizeof(problem)), 0);
	assert_int_equal(args.count['p'], 1);
	assert_int_equal(args.count['c'], 1);
	assert_int_equal(args.count['q'], 2);
	assert_int_equal(args.count['f'], 2);
	assert_string_equal(args.value['f'], "y");
	assert_int_equal(args.noperands, 3);
	assert_string_equal(args.operand[0], "a.cfg");
	assert_string_equal(args.operand[1], "vcpus=2");
	assert_string_equal(args.operand[2], "-z");
}

static void test_wrong_use(void **state)
{
	static const struct {
		const struct xl_cmd *cmd;
		const char *line, *problem;
	} cases[] = {
		{ &cmd_create, "-z", "there is no option -z" },
		{ &cmd_create, "--zap=1", "there is no option --zap" },
		{ &cmd_create, "-f", "-f needs a FILE behind it" },
		{ &cmd_create, "--defconfig", "-f needs a FILE behind it" },
		{ &cmd_create, "--quiet=1", "--quiet takes no value" },
		{ &cmd_create, "a b c d", "\"d\" is one argument too many" },
		{ &cmd_rename, "a", "too few arguments" },
		{ &cmd_list, "-", "\"-\" is one argument too many" },
	};
	struct xl_args args;
	char problem[80], line[80];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(line, cases[i].line);
		assert_int_equal(parse(cases[i].cmd, line, &args, problem,
				       sizeof(problem)), -1);
		assert_string_equal(problem, cases[i].problem);
	}
	strcpy(line, "-h");
	assert_int_equal(parse(&cmd_rename, line, &args, problem, sizeof(problem)), 1);
	strcpy(line, "--help");
	assert_int_equal(parse(&cmd_rename, line, &args, problem, sizeof(problem)), 1);
}

static const char json_wanted[] =
	"[\n"
	"    {\n"
	"        \"domid\": 3,\n"
	"        \"config\": {\n"
	"            \"c_info\": {\n"
	"                \"type\": \"pvh\",\n"
	"                \"name\": \"a\\\"b\",\n"
	"                \"run_hotplug_scripts\": \"False\"\n"
	"            },\n"
	"            \"b_info\": {\n"
	"                \"max_vcpus\": 2,\n"
	"                \"avail_vcpus\": [\n"
	"                    0,\n"
	"                    1\n"
	"                ],\n";

static void test_json(void **state)
{
	static const char text[] = "name = 'a\"b'\nvcpus = 2\nmemory = 64\nkernel = '/k'\n"
				   "disk = [ '/d,raw,xvda,w' ]\nvif = [ '' ]\n";
	struct config_input in = { .file = "f", .text = text, .len = sizeof(text) - 1 };
	struct vm_config cfg;
	struct json j = { .depth = 0 };
	char *out = NULL;
	size_t size;

	(void)state;
	assert_int_equal(config_parse(&in, &cfg), 0);
	j.out = open_memstream(&out, &size);
	json_open(&j, NULL, '[');
	vm_json_domain(&j, 3, &cfg);
	json_close(&j, ']');
	fclose(j.out);
	assert_memory_equal(out, json_wanted, sizeof(json_wanted) - 1);
	assert_non_null(strstr(out, "\n    }\n]\n"));
	assert_non_null(strstr(out, "\"sched_params\": {\n\n                },\n"));
	assert_non_null(strstr(out, "\"on_reboot\": \"restart\","));
	free(out);
	config_free(&cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_use),
		cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
