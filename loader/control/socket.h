/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The unix socket of the control API. */
#ifndef XLB_CONTROL_SOCKET_H
#define XLB_CONTROL_SOCKET_H

struct control_socket {
	int fd;
	int file;   /* O_PATH: the file that was made, so that no other one is removed */
	char *path; /* owned */
};

/* See control_open(). On success the socket listens; ret->fd may be taken over. */
int control_socket_open(const char *path, struct control_socket *ret);

/* Removes the file if it is still the one that was made; leaves fd alone. */
void control_socket_remove(struct control_socket *s);

#endif
