/* Runs every input of one corpus through its fuzz target, without a fuzzer. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

static uint8_t buf[1 << 16];

static void run_file(const char *name)
{
	char path[512];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", CORPUS, name);
	f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	LLVMFuzzerTestOneInput(buf, n);
}

int main(void)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *d = opendir(CORPUS);

	if (!d) {
		perror(CORPUS);
		return 1;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		run_file(e->d_name);
		n++;
	}
	closedir(d);
	printf("[       OK ] %u inputs of %s\n", n, CORPUS);
	return n ? 0 : 1;
}
