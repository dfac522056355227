/*
 * Random operations beside the simplest store that could be: a list of paths
 * and values. Both must answer alike, through transactions and restarts.
 */
#include "harness.h"

#define NODES 256
#define STEPS 6000

struct model_node {
	char path[64], value[32];
};

struct model {
	struct model_node node[NODES];
	size_t count;
};

static struct world w;
static struct client dom0;
static uint32_t seed = 4711;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % below;
}

static struct model_node *model_find(struct model *m, const char *path)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->node[i].path, path))
			return &m->node[i];
	return NULL;
}

static struct model_node *model_make(struct model *m, const char *path)
{
	struct model_node *n = model_find(m, path);
	char parent[PATH_SIZE];

	if (n)
		return n;
	if (strcmp(path, "/")) {
		path_parent(parent, path);
		model_make(m, parent);
	}
	assert_true(m->count < NODES);
	n = &m->node[m->count++];
	snprintf(n->path, sizeof(n->path), "%s", path);
	n->value[0] = 0;
	return n;
}

static int model_rm(struct model *m, const char *path)
{
	char parent[PATH_SIZE];
	size_t kept = 0;

	path_parent(parent, path);
	if (!model_find(m, parent))
		return -ENOENT;
	for (size_t i = 0; i < m->count; i++)
		if (!path_covers(path, m->node[i].path))
			m->node[kept++] = m->node[i];
	m->count = kept;
	return 0;
}

static size_t model_children(struct model *m, const char *path)
{
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		n += path_covers(path, m->node[i].path) &&
		     path_depth(path, m->node[i].path) == 1;
	return n;
}

static void random_path(char path[64])
{
	int depth = 1 + (int)rnd(4);

	strcpy(path, "/m");
	while (depth--) {
		char name[4] = {'/', (char)('a' + rnd(3)), 0};

		strcat(path, name);
	}
}

static void compare_directory(struct model *m, uint32_t tx, const char *path)
{
	int err = ask_strings(&dom0, XS_DIRECTORY, tx, path, NULL);
	size_t names = 0;

	if (!model_find(m, path)) {
		assert_int_equal(err, -ENOENT);
		return;
	}
	assert_int_equal(err, 0);
	for (size_t i = 0; i < dom0.len; i++)
		names += !dom0.answer[i];
	assert_int_equal(names, model_children(m, path));
}

static void step(struct model *m, uint32_t tx)
{
	char path[64], value[32];
	struct model_node *n;

	random_path(path);
	n = model_find(m, path);
	switch (rnd(5)) {
	case 0:
		must_read(&dom0, tx, path, n ? n->value : NULL);
		break;
	case 1:
		snprintf(value, sizeof(value), "%u", rnd(1000));
		assert_int_equal(ask_write(&dom0, tx, path, value), 0);
		strcpy(model_make(m, path)->value, value);
		break;
	case 2:
		assert_int_equal(ask_strings(&dom0, XS_MKDIR, tx, path, NULL), 0);
		model_make(m, path);
		break;
	case 3:
		assert_int_equal(ask_strings(&dom0, XS_RM, tx, path, NULL),
				 model_rm(m, path));
		break;
	default:
		compare_directory(m, tx, path);
	}
}

static void compare_all(struct model *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (path_covers("/m", m->node[i].path)) {
			must_read(&dom0, 0, m->node[i].path, m->node[i].value);
			compare_directory(m, 0, m->node[i].path);
		}
}

/*
 * A transaction with steps outside it in between. If it is committed, its end
 * state must be what its steps would have made of the store as it was then,
 * which this checks only when nothing else was changed meanwhile.
 */
static void transaction(struct model *m)
{
	static struct model inside, outside;
	uint32_t tx = begin(&dom0);
	bool disturbed = rnd(2), commit = rnd(4);
	int err;

	inside = outside = *m;
	for (uint32_t i = rnd(8); i-- > 0;)
		step(&inside, tx);
	if (disturbed)
		for (uint32_t i = rnd(3); i-- > 0;)
			step(&outside, 0);
	for (uint32_t i = rnd(4); i-- > 0;)
		step(&inside, tx);
	err = end(&dom0, tx, commit ? "T" : "F");
	if (!disturbed)
		assert_int_equal(err, 0);
	if (err || !commit) {
		assert_true(!err || err == -EAGAIN);
		*m = outside;
	} else if (!disturbed) {
		*m = inside;
	} else {
		/* Both have had effect: take over what the store says. */
		assert_int_equal(ask_strings(&dom0, XS_RM, 0, "/m", NULL), 0);
		assert_int_equal(ask_strings(&dom0, XS_MKDIR, 0, "/m", NULL), 0);
		model_rm(m, "/m");
		model_make(m, "/m");
	}
	compare_all(m);
}

static void like_the_model(void **state)
{
	static struct model m;

	(void)state;
	model_make(&m, "/");
	model_make(&m, "/m");
	world_open(&w);
	client_socket(&dom0, &w);
	assert_int_equal(ask_strings(&dom0, XS_MKDIR, 0, "/m", NULL), 0);
	for (int i = 0; i < STEPS; i++) {
		step(&m, 0);
		if (!rnd(20))
			transaction(&m);
		if (!rnd(100)) {
			world_restart(&w);
			client_close(&dom0);
			client_socket(&dom0, &w);
			compare_all(&m);
		}
	}
	compare_all(&m);
	client_close(&dom0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
