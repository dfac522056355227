/*
 * Other programs: in the background, with a progress bar, or with the terminal for
 * themselves. No shell is between us and them. Each runs in a process group of its
 * own, so that stopping it stops what it has started too.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ui/priv.h"
#include "ui/text.h"

#define OUTPUT_MAX (1u << 20)
#define WORK_QUIET_MS 300

struct ui_run {
	struct ui_run *next;
	pid_t pid;
	int out, err; /* err -1: both in out */
	char *text;
	size_t len;
	ui_run_done *done;
	void *ctx;
};

/*
 * The child's side: never returns. One in the background must not be ended by what it
 * says once nobody listens any more: it may be half-way through starting a VM.
 */
static void become(char *const argv[], int in, int out, int err)
{
	sigset_t none;

	setpgid(0, 0);
	dup2(in, 0);
	dup2(out, 1);
	dup2(err, 2);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	if (err == out)
		signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execvp(argv[0], argv);
	dprintf(2, "%s: cannot be run: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* err NULL: together with out. Returns the process or -1. */
static pid_t spawn(char *const argv[], int *out, int *err)
{
	int o[2] = { -1, -1 }, e[2] = { -1, -1 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all, old;
	pid_t pid = -1;

	/*
	 * A child stopped before it is another program would run curses' handler of
	 * SIGTERM and take the terminal's modes away from us.
	 */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	if (null >= 0 && !pipe2(o, O_CLOEXEC) && (!err || !pipe2(e, O_CLOEXEC)))
		pid = fork();
	if (pid == 0)
		become(argv, null, o[1], err ? e[1] : o[1]);
	sigprocmask(SIG_SETMASK, &old, NULL);
	if (null >= 0)
		close(null);
	if (o[1] >= 0)
		close(o[1]);
	if (e[1] >= 0)
		close(e[1]);
	if (pid < 0) {
		if (o[0] >= 0)
			close(o[0]);
		if (e[0] >= 0)
			close(e[0]);
		return -1;
	}
	*out = o[0];
	fcntl(o[0], F_SETFL, O_NONBLOCK);
	if (err) {
		*err = e[0];
		fcntl(e[0], F_SETFL, O_NONBLOCK);
	}
	return pid;
}

static int reap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return 127;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void stop(pid_t pid, int sig)
{
	if (kill(-pid, sig))
		kill(pid, sig);
}

/* Appends what is there; 0 at the end, and what goes beyond the limit is dropped. */
static ssize_t collect(int fd, char **text, size_t *len)
{
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));
	char *p;

	if (n <= 0)
		return n < 0 && (errno == EINTR || errno == EAGAIN) ? 1 : 0;
	if (*len + (size_t)n > OUTPUT_MAX)
		return n;
	p = realloc(*text, *len + (size_t)n + 1);
	if (!p)
		return n;
	memcpy(p + *len, buf, (size_t)n);
	*len += (size_t)n;
	p[*len] = '\0';
	*text = p;
	return n;
}

/* --- in the background ------------------------------------------------------- */

static void forget(struct ui *ui, struct ui_run *run)
{
	struct ui_run **p = &ui->runs;

	while (*p && *p != run)
		p = &(*p)->next;
	if (*p)
		*p = run->next;
	ui_unwatch(ui, run->out);
	close(run->out);
	free(run->text);
	free(run);
}

static void on_output(struct ui *ui, void *ctx)
{
	struct ui_run *run = ctx;
	int status;

	if (collect(run->out, &run->text, &run->len) > 0)
		return;
	status = reap(run->pid);
	ui_unwatch(ui, run->out);
	run->done(ui, run->ctx, status, run->text ? run->text : "");
	forget(ui, run);
}

struct ui_run *ui_run_start(struct ui *ui, char *const argv[], ui_run_done *done, void *ctx)
{
	struct ui_run *run = calloc(1, sizeof(*run));

	if (!run)
		return NULL;
	run->done = done;
	run->ctx = ctx;
	run->pid = spawn(argv, &run->out, NULL);
	if (run->pid < 0) {
		free(run);
		return NULL;
	}
	run->next = ui->runs;
	ui->runs = run;
	ui_watch(ui, run->out, on_output, run);
	return run;
}

static void discard(struct ui *ui, void *ctx, int status, const char *output)
{
	(void)ui, (void)ctx, (void)status, (void)output;
}

void ui_run_cancel(struct ui *ui, struct ui_run *run)
{
	(void)ui;
	if (!run)
		return;
	run->done = discard; /* it is reaped when it has ended */
	run->ctx = NULL;
	stop(run->pid, SIGTERM);
}

/* The console ends; what runs in the background does what it was asked to do. */
void runs_end(struct ui *ui)
{
	while (ui->runs)
		forget(ui, ui->runs);
}

/* --- with a dialog ----------------------------------------------------------- */

struct progress {
	const char *title;
	int out, err;
	bool out_ended, err_ended;
	bool bar;	  /* false: only that it works */
	bool stopping;
	int percent;	  /* -1: not known */
	char what[200];
	char line[256];	  /* of its stdout, not complete yet */
	size_t line_len;
	char *errors;
	size_t errors_len;
	int64_t since_ms;
};

static void take_line(struct progress *p, const char *line)
{
	char *end;
	long percent = strtol(line, &end, 10);

	if (line[0] == '-' && line[1] == '-' && line[2] == ' ')
		p->percent = -1, end = (char *)(uintptr_t)line + 2;
	else if (end != line && *end == ' ' && percent >= 0 && percent <= 100)
		p->percent = (int)percent;
	else
		return;
	snprintf(p->what, sizeof(p->what), "%s", end + 1);
}

static void on_progress(struct ui *ui, void *ctx)
{
	struct progress *p = ctx;
	char buf[512];
	ssize_t n = read(p->out, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		p->out_ended = true;
		ui_unwatch(ui, p->out);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] != '\n') {
			if (p->line_len < sizeof(p->line) - 1)
				p->line[p->line_len++] = buf[i];
			continue;
		}
		p->line[p->line_len] = '\0';
		p->line_len = 0;
		take_line(p, p->line);
	}
}

static void on_errors(struct ui *ui, void *ctx)
{
	struct progress *p = ctx;

	if (collect(p->err, &p->errors, &p->errors_len) > 0)
		return;
	p->err_ended = true;
	ui_unwatch(ui, p->err);
}

static void draw_progress(struct ui *ui, void *ctx)
{
	static const char *const keys[] = { "Esc", "Stop it", NULL };
	static const char *const none[] = { NULL };
	struct progress *p = ctx;
	char text[16];
	struct ui_rect in;

	if (!p->bar && now_ms() - p->since_ms < WORK_QUIET_MS)
		return;
	in = ui_box(ui, centred(ui, 7, 64), p->title);
	ui_put(ui, in.y + 1, in.x, in.w, UI_PLAIN, p->stopping ? "Stopping" : p->what);
	if (p->percent >= 0) {
		snprintf(text, sizeof(text), "%d %%", p->percent);
		ui_meter(ui, in.y + 3, in.x, in.w - 6, p->percent / 100.0, UI_LOAD_LIMITS);
		ui_put_right(ui, in.y + 3, in.x + in.w - 5, 5, UI_BOLD, text);
	} else {
		ui_putf(ui, in.y + 3, in.x, in.w, UI_DIM, "%s",
			ui_duration((uint64_t)(now_ms() - p->since_ms) / 1000, text));
	}
	draw_keys(ui, p->bar ? keys : none);
}

static bool really_stop(struct ui *ui, const struct progress *p)
{
	const struct ui_question q = {
		.title = p->title,
		.text = "Stop it? What was done so far is taken back.",
		.yes = "Stop it",
		.danger = true,
	};

	return ui_confirm(ui, &q);
}

/* Wakes the loop each half second, so that the time that is shown goes on. */
static void start_clock(struct ui *ui)
{
	struct frame *top = top_frame(ui);

	if (top && top->due_ms < 0)
		top->due_ms = now_ms() + 500;
}

static int follow(struct ui *ui, struct progress *p, pid_t pid)
{
	bool stopped = false;
	int status;

	ui_watch(ui, p->out, on_progress, p);
	ui_watch(ui, p->err, on_errors, p);
	while (!(p->out_ended && p->err_ended)) {
		int key;

		start_clock(ui);
		key = step(ui);
		if (ui->quit)
			stop(pid, SIGTERM);
		if (!p->bar || key != UI_KEY_ESC || p->stopping)
			continue;
		if (really_stop(ui, p) && !(p->out_ended && p->err_ended)) {
			stop(pid, SIGTERM);
			stopped = p->stopping = true;
		}
	}
	status = reap(pid);
	return stopped && status ? -1 : status;
}

static int run_with_dialog(struct ui *ui, struct progress *p, char *const argv[])
{
	struct overlay o = { .draw = draw_progress, .ctx = p };
	char text[64];
	int status;
	pid_t pid = spawn(argv, &p->out, &p->err);

	if (pid < 0) {
		ui_fail(ui, "%s: cannot be started: %s", argv[0], strerror(errno));
		return 127;
	}
	p->since_ms = now_ms();
	p->percent = -1;
	push_overlay(ui, &o);
	status = follow(ui, p, pid);
	pop_overlay(ui, &o);
	close(p->out);
	close(p->err);
	if (status > 0) {
		snprintf(text, sizeof(text), "It failed and said nothing (status %d).",
			 status);
		ui_error(ui, p->title, p->errors ? p->errors : text);
	}
	free(p->errors);
	return status;
}

int ui_progress(struct ui *ui, const char *title, char *const argv[])
{
	struct progress p = { .title = title, .bar = true };

	return run_with_dialog(ui, &p, argv);
}

int ui_work(struct ui *ui, const char *title, char *const argv[])
{
	struct progress p = { .title = title };

	return run_with_dialog(ui, &p, argv);
}

/* --- with the terminal ------------------------------------------------------- */

int ui_outside(struct ui *ui, const char *title, char *const argv[])
{
	void (*old_int)(int), (*old_quit)(int);
	int status = 127;
	pid_t pid;

	term_suspend(ui);
	printf("%s\n", title);
	fflush(stdout);
	old_int = signal(SIGINT, SIG_IGN);
	old_quit = signal(SIGQUIT, SIG_IGN);
	pid = fork();
	if (pid == 0) {
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		dprintf(2, "%s: cannot be run: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	if (pid > 0)
		status = reap(pid);
	signal(SIGINT, old_int);
	signal(SIGQUIT, old_quit);
	term_resume(ui);
	ui->last_key_ms = now_ms();
	ui_refresh(ui);
	return status;
}
