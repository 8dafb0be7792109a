/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Signals are let in while a key is waited for and at no other time, so that none gets lost between
 * looking and waiting.
 */
#include "cli/top_terminal.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ncurses' names of keys are macros. */
#include <curses.h>

static SCREEN *screen;
static sigset_t while_waiting;
static volatile sig_atomic_t interrupted;

bool top_terminal_possible(void)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

bool top_terminal_is_unicode(void)
{
	const char *term = getenv("TERM");

	setlocale(LC_CTYPE, "");
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 && (!term || strcmp(term, "linux") != 0);
}

/* ---- signals ------------------------------------------------------------------------------- */
static void on_signal(int number)
{
	interrupted = 1;
}

/* ncurses leaves alone what has a handler, and has one of its own for SIGWINCH. */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGWINCH);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaddset(&held, numbers[i]);
		sigaction(numbers[i], &action, NULL);
	}
	sigprocmask(SIG_BLOCK, &held, &while_waiting);
	sigdelset(&while_waiting, SIGWINCH);
}

/* ---- the screen ---------------------------------------------------------------------------- */
static attr_t attributes[STYLES] = {
	[STYLE_TITLE] = A_REVERSE,
	[STYLE_DIM] = A_DIM,
	[STYLE_BAD] = A_BOLD,
};

static void use_colours(void)
{
	static const struct {
		enum style style;
		short colour;
	} pairs[] = { { STYLE_GOOD, COLOR_GREEN },
		      { STYLE_WARN, COLOR_YELLOW },
		      { STYLE_BAD, COLOR_RED } };

	if (!has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return;
	for (short i = 0; i < (short)(sizeof(pairs) / sizeof(pairs[0])); i++) {
		init_pair((short)(i + 1), pairs[i].colour, -1);
		attributes[pairs[i].style] |= (attr_t)COLOR_PAIR(i + 1);
	}
}

int top_terminal_open(bool colours)
{
	catch_signals();
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENODEV;
	set_term(screen);
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	if (colours)
		use_colours();
	return 0;
}

void top_terminal_close(void)
{
	if (!screen)
		return;
	/* Where there is no second screen to go back from, what follows begins on a free line. */
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	delscreen(screen);
	screen = NULL;
}

void top_terminal_size(int *ret_width, int *ret_height)
{
	getmaxyx(stdscr, *ret_height, *ret_width);
}

/* ncurses sends what has changed. */
void top_terminal_draw(const struct canvas *c)
{
	erase();
	for (int row = 0; row < c->height; row++)
		for (int column = 0; column < c->width; column++) {
			const struct cell *cell = canvas_at(c, row, column);

			attrset((int)attributes[cell->style]);
			mvaddstr(row, column, cell->text);
		}
	refresh();
}

/* ---- keys ---------------------------------------------------------------------------------- */
static enum top_key key_of(int code)
{
	static const struct {
		int code;
		enum top_key key;
	} keys[] = {
		{ 'q', TOP_KEY_QUIT },
		{ 's', TOP_KEY_SORT },
		{ 'S', TOP_KEY_SORT_BACK },
		{ 'p', TOP_KEY_PAUSE },
		{ ' ', TOP_KEY_PAUSE },
		{ '?', TOP_KEY_HELP_PAGE },
		{ 'h', TOP_KEY_HELP_PAGE },
		{ KEY_UP, TOP_KEY_ROW_UP },
		{ 'k', TOP_KEY_ROW_UP },
		{ KEY_DOWN, TOP_KEY_ROW_DOWN },
		{ 'j', TOP_KEY_ROW_DOWN },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_FIRST },
		{ KEY_END, TOP_KEY_LAST },
		{ KEY_RESIZE, TOP_KEY_RESIZED },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].code == code)
			return keys[i].key;
	return TOP_KEY_NOTHING;
}

enum top_key top_terminal_wait(unsigned ms)
{
	struct timespec time = { ms / 1000, (long)(ms % 1000) * 1000000 };
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int code = getch(); /* what is left of a sequence of keys */

	if (code == ERR) {
		ppoll(&in, 1, &time, &while_waiting);
		code = getch();
	}
	if (interrupted || (code == ERR && in.revents & (POLLHUP | POLLERR | POLLNVAL)))
		return TOP_KEY_INTERRUPTED;
	return key_of(code);
}
