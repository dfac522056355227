/*
 * See console.h. Not a terminal emulator: bytes go through unchanged both ways.
 *
 * Invariant: whatever way out is taken, the terminal gets its settings back; signals
 * that would end the process end the session instead (stopped), and nothing between
 * raw_on() and raw_off() exits.
 */
#include "console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"

#define TTY_WAIT_MS 10000 /* xenconsoled makes the pty within this or is not there */
#define LOOK_MS 500	  /* how often the guest's state is looked at */
#define DRAIN_MS 300	  /* last words: wait this long for each */

enum joint_end { END_ESCAPE, END_GUEST, END_HANGUP, END_ERROR };

/* Set by signals only; the one global, since a handler can reach nothing else. */
static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	stopped = sig;
}

static void catch_signals(struct sigaction old[3])
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT };
	struct sigaction sa = { .sa_handler = on_signal };

	for (int i = 0; i < 3; i++)
		sigaction(signals[i], &sa, &old[i]);
}

static void restore_signals(struct sigaction old[3])
{
	sigaction(SIGTERM, &old[0], NULL);
	sigaction(SIGHUP, &old[1], NULL);
	sigaction(SIGINT, &old[2], NULL);
}

static void nap(long ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static bool guest_ended(const struct console_session *s)
{
	struct dom_info info;

	if (dom_get(s->dom, s->domid, &info, NULL))
		return true;
	return info.shutdown || info.dying;
}

/* Opens the guest's pty once there is one; -1 after saying why not. */
static int open_tty(const struct console_session *s)
{
	struct dom_error err;
	struct termios raw;
	char path[64];
	int fd, result = -ENOENT;

	for (int waited = 0; waited < TTY_WAIT_MS && !stopped; waited += 20) {
		result = dom_console(s->dom, s->domid, path, sizeof(path), &err);
		if (result != -ENOENT)
			break;
		nap(20);
	}
	if (result) {
		xl_error("%s", err.text);
		return -1;
	}
	fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		xl_error("the console of %s, %s, cannot be opened: %s", s->name, path,
			 strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		xl_error("the console of %s is in use by another session: leave that one "
			 "first", s->name);
		close(fd);
		return -1;
	}
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	return fd;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd p = { .fd = fd, .events = POLLOUT };

			poll(&p, 1, LOOK_MS);
		} else if (n < 0 && errno != EINTR) {
			return -1;
		} else if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
		if (stopped)
			return -1;
	}
	return 0;
}

/* Guest to terminal: how many bytes; 0 nothing now, -1 hang-up, -2 our side fails. */
static ssize_t copy_out(int tty)
{
	char buf[4096];
	ssize_t n = read(tty, buf, sizeof(buf));

	if (n > 0)
		return write_all(STDOUT_FILENO, buf, (size_t)n) ? -2 : n;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return -1;
}

/* What was typed and the guest has not taken yet. */
struct typed {
	char buf[512];
	size_t len;
	bool escape; /* leave once the rest is through */
	bool ended;  /* end of file: nobody types any more */
};

static void read_typed(const struct console_session *s, struct typed *t)
{
	ssize_t n = read(STDIN_FILENO, t->buf, sizeof(t->buf));
	const char *found;

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		t->ended = true;
		return;
	}
	t->len = (size_t)n;
	found = memchr(t->buf, s->escape, t->len);
	if (found) {
		t->escape = true;
		t->len = (size_t)(found - t->buf);
	}
}

static int copy_in(int tty, struct typed *t)
{
	ssize_t n = write(tty, t->buf, t->len);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	t->len -= (size_t)n;
	memmove(t->buf, t->buf + n, t->len);
	return 0;
}

/* The guest is gone: what it had said is still in the pty. */
static void drain(int tty)
{
	struct pollfd p = { .fd = tty, .events = POLLIN };

	while (poll(&p, 1, DRAIN_MS) > 0 && copy_out(tty) > 0)
		;
}

static enum joint_end join(const struct console_session *s, int tty, struct typed *t)
{
	for (;;) {
		struct pollfd p[2] = {
			{ .fd = tty, .events = POLLIN },
			{ .fd = t->ended || t->len ? -1 : STDIN_FILENO, .events = POLLIN },
		};
		ssize_t n = 0;
		int ready;

		if (t->escape && !t->len)
			return END_ESCAPE;
		if (t->len)
			p[0].events |= POLLOUT;
		ready = poll(p, 2, LOOK_MS);
		if (stopped)
			return END_ESCAPE;
		if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
			n = copy_out(tty);
		if (n < 0)
			return n == -1 ? END_HANGUP : END_ERROR;
		if ((p[0].revents & POLLOUT) && copy_in(tty, t))
			return END_HANGUP;
		if (p[1].revents)
			read_typed(s, t);
		if (ready == 0 && guest_ended(s)) {
			drain(tty);
			return END_GUEST;
		}
	}
}

static bool raw_on(struct termios *saved)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, saved))
		return false;
	raw = *saved;
	cfmakeraw(&raw);
	return !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

static void raw_off(const struct termios *saved)
{
	tcsetattr(STDIN_FILENO, TCSADRAIN, saved);
}

static const char *key_name(unsigned char key, char text[3])
{
	text[0] = key < 0x20 ? '^' : (char)key;
	text[1] = key < 0x20 ? (char)(key + 0x40) : '\0';
	text[2] = '\0';
	return text;
}

/* One pty after another, until there is a reason to stop. */
static enum joint_end join_until_end(const struct console_session *s, int tty)
{
	struct typed t = { .len = 0 };
	enum joint_end end = join(s, tty, &t);

	while (end == END_HANGUP && !guest_ended(s)) {
		close(tty);
		tty = open_tty(s);
		if (tty < 0)
			return END_ERROR;
		end = join(s, tty, &t);
	}
	close(tty);
	return end;
}

static enum joint_end run_raw(const struct console_session *s, int tty)
{
	struct sigaction old[3];
	struct termios saved;
	struct dom_error err;
	enum joint_end end = END_ERROR;
	bool raw;

	catch_signals(old);
	raw = raw_on(&saved);
	if (s->started && s->started(s->dom, s->domid, &err)) {
		close(tty);
		if (raw)
			raw_off(&saved);
		xl_error("%s", err.text);
	} else {
		end = join_until_end(s, tty);
		if (raw)
			raw_off(&saved);
	}
	restore_signals(old);
	return end;
}

int console_run(const struct console_session *s)
{
	enum joint_end end;
	char key[3];
	int tty;

	stopped = 0;
	tty = open_tty(s);
	if (tty < 0)
		return -1;
	fprintf(stderr, "Console of %s; leave it with %s\n", s->name,
		s->escape == CONSOLE_ESCAPE ? "Ctrl-]" : key_name(s->escape, key));
	end = run_raw(s, tty);
	if (end == END_ESCAPE)
		fprintf(stderr, "\nLeft the console of %s; xl console %s brings it back\n",
			s->name, s->name);
	else if (end != END_ERROR)
		fprintf(stderr, "\n%s has ended\n", s->name);
	return end == END_ERROR ? -1 : 0;
}

int console_escape(const char *text)
{
	if (text[0] == '^' && text[1] >= '@' && text[1] <= '_' && !text[2])
		return text[1] - '@';
	if (text[0] && !text[1])
		return (unsigned char)text[0];
	return -1;
}
