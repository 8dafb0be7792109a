/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "requests/escape.h"

#include <stdbool.h>
#include <string.h>

#define ESCAPED 4

/* Brackets are around what clients sent, quotes are what readers of lines look for. */
static bool is_plain(unsigned char c)
{
	return c >= ' ' && c <= '~' && !strchr("\\[]{}\"'", c);
}

static void write_octal(unsigned char c, char *at)
{
	at[0] = '\\';
	at[1] = (char)('0' + (c >> 6));
	at[2] = (char)('0' + (c >> 3 & 7));
	at[3] = (char)('0' + (c & 7));
}

size_t escape(const char *text, char *buf, size_t size)
{
	const size_t room = size - sizeof(ESCAPE_CUT);
	size_t n = 0;

	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;
		const size_t need = is_plain(c) ? 1 : ESCAPED;

		if (n + need > room) {
			memcpy(buf + n, ESCAPE_CUT, sizeof(ESCAPE_CUT));
			return n + strlen(ESCAPE_CUT);
		}
		if (need == 1)
			buf[n] = *text;
		else
			write_octal(c, buf + n);
		n += need;
	}
	buf[n] = '\0';
	return n;
}
