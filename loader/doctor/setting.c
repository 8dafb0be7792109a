/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "doctor/setting.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int setting_read(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	char *line;

	if (!f)
		return -errno;
	line = fgets(buf, (int)size, f);
	fclose(f);
	if (!line)
		return -EIO;
	buf[strcspn(buf, "\n")] = '\0';
	return 0;
}

long setting_number(const char *path, long otherwise)
{
	char text[64], *end;
	long value;

	if (setting_read(path, text, sizeof(text)) < 0)
		return otherwise;
	value = strtol(text, &end, 10);
	return end == text ? otherwise : value;
}
