/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
#ifndef XLB_DOCTOR_SETTING_H
#define XLB_DOCTOR_SETTING_H

#include <stddef.h>

/* The first line of a file below /proc or /sys; -errno. */
int setting_read(const char *path, char *buf, size_t size);

/* Its number; `otherwise` where there is none. */
long setting_number(const char *path, long otherwise);

#endif
