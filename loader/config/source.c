/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"

static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	size_t len = 0, room = 0;
	char *text = NULL, *grown;
	ssize_t n;

	do {
		if (len == room) {
			room = room ? room * 2 : 16384;
			grown = realloc(text, room);
			if (!grown) {
				free(text);
				return -ENOMEM;
			}
			text = grown;
		}
		n = read(fd, text + len, room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && len <= SOURCE_MAX_SIZE);
	if (n < 0 || len > SOURCE_MAX_SIZE) {
		int ret = n < 0 ? -errno : -EFBIG;

		free(text);
		return ret;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}

int source_read(const char *path, bool regular, char **ret_text, size_t *ret_len)
{
	int fd, ret = 0;
	struct stat st;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		ret = -errno;
	else if (S_ISDIR(st.st_mode))
		ret = -EISDIR;
	else if (regular && !S_ISREG(st.st_mode))
		ret = -EINVAL;
	if (ret == 0)
		ret = read_all(fd, ret_text, ret_len);
	close(fd);
	return ret;
}

int cfg_read_include(const char *path, char **ret_text, size_t *ret_len, void *data)
{
	return source_read(path, true, ret_text, ret_len);
}

static const struct source *source_find(const struct source *sources, const char *name)
{
	while (sources && sources->name != name)
		sources = sources->next;
	return sources;
}

char *source_line(const struct source *sources, const char *name, int line)
{
	const struct source *source = source_find(sources, name);
	const char *start, *end, *stop;

	if (!source || !source->text || line < 1)
		return NULL;
	start = source->text;
	stop = start + source->len;
	for (; line > 1; line--) {
		start = memchr(start, '\n', (size_t)(stop - start));
		if (!start)
			return NULL;
		start++;
	}
	end = start == stop ? stop : memchr(start, '\n', (size_t)(stop - start));
	return strndup(start, (size_t)((end ? end : stop) - start));
}
