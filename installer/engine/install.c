/*
 * The steps of an installation. The disks cannot be started from the first
 * write on, and can again with the very last ones (by UEFI, then by a BIOS): a
 * power cut in between leaves a machine on which the installer is simply run
 * again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "job.h"
#include "libconf/conf.h"
#include "loader.h"
#include "run.h"

static struct part_id identity(const struct job *j, unsigned int disk)
{
	struct part_id p = {.disk = disk, .total = j->disks, .raid = j->disks > 1};

	memcpy(p.id, j->id, sizeof(p.id));
	return p;
}

static int check_source(struct job *j, struct fault *f)
{
	int err = source_verify(SOURCE_DIR, f);

	if (err) {
		struct fault why = *f;

		fault_set(f, err, "%.150s: is damaged: write the medium anew, or "
			  "use another one (%.200s)", j->source.path, why.text);
	}
	return err;
}

static int clear(struct job *j, struct fault *f)
{
	int err = 0;

	for (unsigned int i = 0; i < j->disks && !err; i++)
		err = loader_clear(j->disk[i].path, j->disk[i].size, f);
	for (unsigned int i = 0; i < j->disks && !err; i++)
		err = loader_mark_unfinished(j->disk[i].path, f);
	if (!err && *j->vms_disk.name)
		err = loader_clear(j->vms_disk.path, j->vms_disk.size, f);
	return err;
}

/* The nodes of partitions come a moment after the table. */
static int wait_for_parts(const struct job *j, const struct disk *d,
			  struct fault *f)
{
	char path[80];

	for (int i = PART_BOOT; i <= PARTS; i++) {
		if (!j->layout.part[i].size)
			continue;
		job_part(d, (enum part)i, path, sizeof(path));
		for (int tries = 0; access(path, F_OK); tries++) {
			if (tries == 100)
				return fault_set(f, -ENOENT, "%s: did not appear: "
						 "is the disk failing?", path);
			usleep(100000);
		}
	}
	return 0;
}

static int divide(struct job *j, struct fault *f)
{
	char script[2048];
	int err = 0;

	for (unsigned int i = 0; i < j->disks && !err; i++) {
		/* Both ends are clear already; the boot sector's program stays. */
		const char *const argv[] = {"sfdisk", "-q", "--wipe", "never",
			"--wipe-partitions", "always", j->disk[i].path, NULL};
		struct part_id who = identity(j, i);
		struct run r = {.input = script};

		layout_script(&j->layout, &who, j->disk[i].sector, script,
			      sizeof(script));
		log_line("%s: partitions:\n%s", j->disk[i].path, script);
		err = run(argv, &r, f);
		if (!err)
			err = wait_for_parts(j, &j->disk[i], f);
	}
	return err;
}

/* One array of the two disks' partitions; its device into @to. */
static int mirror_part(struct job *j, enum part part, const char *name, char *to,
		       size_t n, struct fault *f)
{
	char a[80], b[80], label[64], device[80];
	const char *const argv[] = {"mdadm", "--create", device, "--run",
		"--level=1", "--raid-devices=2", "--metadata=1.2",
		"--bitmap=internal", "--homehost=basalt", label, a, b, NULL};

	job_part(&j->disk[0], part, a, sizeof(a));
	job_part(&j->disk[1], part, b, sizeof(b));
	snprintf(label, sizeof(label), "--name=%s", name);
	snprintf(device, sizeof(device), "/dev/md/%s", name);
	if (job_note_array(device))
		return fault_set(f, -EIO, "%s: cannot be written", WORK_DIR);
	snprintf(to, n, "%s", device);
	return run(argv, NULL, f);
}

static int mirror(struct job *j, struct fault *f)
{
	int err;

	if (j->disks == 1) {
		job_part(&j->disk[0], PART_STATE, j->state_dev, sizeof(j->state_dev));
		if (j->layout.part[PART_VMS].size)
			job_part(&j->disk[0], PART_VMS, j->vms_dev,
				 sizeof(j->vms_dev));
		return 0;
	}
	err = mirror_part(j, PART_STATE, "basalt-state", j->state_dev,
			  sizeof(j->state_dev), f);
	if (!err && j->layout.part[PART_VMS].size)
		err = mirror_part(j, PART_VMS, "basalt-vms", j->vms_dev,
				  sizeof(j->vms_dev), f);
	return err;
}

static int format(struct job *j, struct fault *f)
{
	const char *const state[] = {"mke2fs", "-q", "-F", "-t", "ext4", "-m", "1",
		"-L", "basalt-state", j->state_dev, NULL};
	int err = 0;

	for (unsigned int i = 0; i < j->disks && !err; i++) {
		char esp[80];
		const char *const fat[] = {"mkfs.vfat", "-n", "BASALT-ESP", esp,
					   NULL};

		job_part(&j->disk[i], PART_ESP, esp, sizeof(esp));
		err = run(fat, NULL, f);
	}
	return err ? err : run(state, NULL, f);
}

static int copy(struct job *j, struct fault *f)
{
	int err = 0;

	for (unsigned int i = 0; i < j->disks && !err; i++) {
		char slot[80];

		job_part(&j->disk[i], PART_A, slot, sizeof(slot));
		err = slot_write(j, slot, i * 100 / j->disks,
				 (i + 1) * 100 / j->disks, f);
	}
	return err;
}

static int read_back(struct job *j, struct fault *f)
{
	int err = 0;

	for (unsigned int i = 0; i < j->disks && !err; i++) {
		char slot[80];

		job_part(&j->disk[i], PART_A, slot, sizeof(slot));
		err = slot_verify(slot, f);
	}
	return err;
}

static int open_state(struct job *j, struct fault *f)
{
	int err = dir_make(TARGET_DIR, 0755);

	if (err || mount(j->state_dev, TARGET_DIR, "ext4", MS_NOATIME, NULL)) {
		err = err ? err : -errno;
		return fault_set(f, err, "%s: cannot be mounted: %s", j->state_dev,
				 strerror(-err));
	}
	return 0;
}

/* Everything is on the disk when the file system has been unmounted. */
static int close_state(struct job *j, struct fault *f)
{
	storage_release();
	sync();
	if (umount(TARGET_DIR))
		return fault_set(f, -errno, "%s: cannot be unmounted: %s",
				 j->state_dev, strerror(errno));
	return 0;
}

/* The arguments that this machine wants on top of the slot's own. */
static void arguments(const struct job *j, struct bootenv *e)
{
	const struct answers *a = j->a;

	snprintf(e->port, sizeof(e->port), "%s", a->serial);
	if (!strcmp(a->serial, "com2"))
		strcpy(e->hv, "com2=115200 console=com2,vga");
	else if (!strcmp(a->serial, "none"))
		strcpy(e->hv, "console=vga");
	if (a->dom0_memory)
		snprintf(e->hv + strlen(e->hv), sizeof(e->hv) - strlen(e->hv),
			 "%sdom0_mem=%lluM", *e->hv ? " " : "",
			 (unsigned long long)(a->dom0_memory >> 20));
}

static int install_loader(struct job *j, struct fault *f)
{
	struct bootenv e = {.active = 'a', .trial = -1, .other_good = false};
	uint64_t at = j->layout.part[PART_BOOT].start;
	int err = 0;

	memcpy(e.id, j->id, sizeof(e.id));
	memcpy(e.name_a, j->source.version, sizeof(e.name_a));
	arguments(j, &e);
	for (unsigned int i = 0; i < j->disks && !err; i++)
		err = loader_write(j->disk[i].path, LOADER_DIR, at, &e, f);
	for (unsigned int i = 0; i < j->disks && !err; i++) {
		char esp[80];

		job_part(&j->disk[i], PART_ESP, esp, sizeof(esp));
		err = loader_write_esp(esp, ESP_DIR, LOADER_DIR, f);
	}
	for (unsigned int i = 0; i < j->disks && !err; i++)
		err = loader_arm(j->disk[i].path, LOADER_DIR, at, f);
	return err;
}

const struct step install_steps[] = {
	{2, "Checking the medium", check_source},
	{1, "Clearing the disks", clear},
	{1, "Dividing the disks", divide},
	{1, "Joining the disks", mirror},
	{2, "Making file systems", format},
	{8, "Copying the system", copy},
	{3, "Reading the copy back", read_back},
	{1, "Opening the state partition", open_state},
	{1, "Writing the settings", step_settings},
	{3, "Making the VMs' storage", step_storage},
	{4, "Taking along what was made", step_take_along},
	{1, "Closing the state partition", close_state},
	{1, "Installing the boot loader", install_loader},
	{0, NULL, NULL},
};
