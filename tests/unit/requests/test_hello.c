/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Server names out of ClientHellos: in any extension, over any number of records and segments. */
#include "fixture.h"

#include "requests/hello.h"

struct hello {
	size_t len;
	uint8_t bytes[4096];
};

static void add(struct hello *h, const void *bytes, size_t len)
{
	memcpy(h->bytes + h->len, bytes, len);
	h->len += len;
}

static void add_number(struct hello *h, size_t value, unsigned size)
{
	while (size--)
		h->bytes[h->len++] = (uint8_t)(value >> (8 * size));
}

static void add_extension(struct hello *h, unsigned type, size_t len)
{
	add_number(h, type, 2);
	add_number(h, len, 2);
	memset(h->bytes + h->len, 'x', len);
	h->len += len;
}

static void add_name(struct hello *h, const char *name)
{
	size_t n = strlen(name);

	add_number(h, 0, 2);
	add_number(h, n + 5, 2);
	add_number(h, n + 3, 2);
	add_number(h, 0, 1);
	add_number(h, n, 2);
	add(h, name, n);
}

/* The message; before and after: bytes of other extensions around the name (NULL: none). */
static struct hello message(size_t before, const char *name, size_t after)
{
	struct hello h = { 0 }, e = { 0 };

	if (before)
		add_extension(&e, 51, before);
	if (name)
		add_name(&e, name);
	if (after)
		add_extension(&e, 43, after);
	add_number(&h, 1, 1);
	add_number(&h, 2 + 32 + 1 + 32 + 2 + 4 + 2 + 2 + e.len, 3);
	add_number(&h, 0x0303, 2);
	memset(h.bytes + h.len, 'r', 32);
	h.len += 32;
	add_number(&h, 32, 1);
	memset(h.bytes + h.len, 's', 32);
	h.len += 32;
	add_number(&h, 4, 2);
	add_number(&h, 0x13011302, 4);
	add_number(&h, 0x0100, 2);
	add_number(&h, e.len, 2);
	add(&h, e.bytes, e.len);
	return h;
}

/* In records of so many bytes each. */
static struct hello records(const struct hello *m, size_t size)
{
	struct hello h = { 0 };

	for (size_t at = 0; at < m->len; at += size) {
		size_t n = m->len - at < size ? m->len - at : size;

		add_number(&h, 22, 1);
		add_number(&h, 0x0301, 2);
		add_number(&h, n, 2);
		add(&h, m->bytes + at, n);
	}
	return h;
}

static struct wire w;

static void open_wire(void)
{
	wire_open(&w, REQUESTS_SNI);
	wire_syn(&w);
}

#define NAME "www.example.com"

Test(hello, split_anywhere)
{
	static const size_t sizes[] = { 4096, 100, 7, 1 };
	struct hello m = message(20, NAME, 20);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct hello h = records(&m, sizes[i]);

		for (size_t at = 1; at < h.len; at++) {
			open_wire();
			wire_bytes(&w, h.bytes, at);
			wire_bytes(&w, h.bytes + at, h.len - at);
			cr_expect_str_eq(w.log, "sni " NAME "\n", "records of %zu, split at %zu",
					 sizes[i], at);
			cr_expect_eq(requests_bytes(w.requests), 0);
			wire_close(&w);
		}
	}
}

Test(hello, byte_by_byte)
{
	struct hello m = message(1500, NAME, 0), h = records(&m, 300);

	open_wire();
	for (size_t at = 0; at < h.len; at++)
		wire_bytes(&w, h.bytes + at, 1);
	cr_expect_str_eq(w.log, "sni " NAME "\n");
	cr_expect_eq(wire_count(&w, REQUEST_SERVER_NAMES), 1);
	wire_close(&w);
}

Test(hello, swapped)
{
	struct hello m = message(1500, NAME, 0), h = records(&m, 4096);

	open_wire();
	wire_segment(&w, w.seq + 1000, ACK, h.bytes + 1000, h.len - 1000, h.len - 1000);
	cr_expect_str_eq(w.log, "");
	wire_bytes(&w, h.bytes, 1000);
	cr_expect_str_eq(w.log, "sni " NAME "\n");
	wire_close(&w);
}

/* The name is enough, the rest need not be seen. */
Test(hello, rest_not_captured)
{
	struct hello m = message(20, NAME, 1500), h = records(&m, 4096);

	open_wire();
	wire_segment(&w, w.seq, ACK, h.bytes, h.len, 300);
	cr_expect_str_eq(w.log, "sni " NAME "\n");
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 0);
	wire_close(&w);
}

Test(hello, name_not_captured)
{
	struct hello m = message(1500, NAME, 20), h = records(&m, 4096);

	open_wire();
	wire_segment(&w, w.seq, ACK, h.bytes, h.len, 300);
	cr_expect_str_eq(w.log, "");
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 1);
	cr_expect_eq(wire_count(&w, REQUEST_UNSEEN_BYTES), h.len - 300);
	cr_expect_eq(requests_bytes(w.requests), 0);
	wire_close(&w);
}

Test(hello, without_a_name)
{
	struct hello m = message(20, NULL, 20), h = records(&m, 4096);

	open_wire();
	wire_bytes(&w, h.bytes, h.len);
	cr_expect_str_eq(w.log, "sni \n");
	cr_expect_eq(wire_count(&w, REQUEST_NAMELESS), 1);
	wire_close(&w);
}

/* What comes later is encrypted, and nobody's request. */
Test(hello, nothing_behind_it_is_read)
{
	struct hello m = message(20, NAME, 20), h = records(&m, 4096);

	open_wire();
	wire_bytes(&w, h.bytes, h.len);
	wire_bytes(&w, h.bytes, h.len);
	wire_text(&w, "GET / HTTP/1.0\r\n\r\n");
	cr_expect_str_eq(w.log, "sni " NAME "\n");
	wire_close(&w);
}

Test(hello, both_are_told_apart)
{
	struct hello m = message(20, NAME, 20), h = records(&m, 4096);

	open_wire();
	w.wants = REQUESTS_SNI | REQUESTS_HTTP;
	wire_bytes(&w, h.bytes, h.len);
	w.port++;
	wire_text(&w, "GET / HTTP/1.0\r\n\r\n");
	cr_expect_str_eq(w.log, "sni " NAME "\nGET  /\n");
	wire_close(&w);
}

/* Long connections that began before we looked are not to be counted as something else. */
Test(hello, begins_in_the_middle)
{
	wire_open(&w, REQUESTS_SNI);
	wire_bytes(&w, "\x17\x03\x03\x00\x05xxxxx", 10);
	cr_expect_eq(wire_count(&w, REQUEST_NOT_TLS), 0);
	cr_expect_eq(wire_count(&w, REQUEST_LATE_FLOWS), 1);
	wire_close(&w);
}

/* Each of these makes a message broken. */
static const struct {
	const char *name;
	size_t at;
	uint8_t value;
} broken[] = {
	{ "no handshake", 0, 23 },
	{ "no TLS", 1, 2 },
	{ "no ClientHello", 5, 2 },
	{ "longer than anybody takes", 6, 1 },
	{ "session longer than the message", 5 + 38, 255 },
	{ "ciphers longer than the message", 5 + 71, 255 },
	{ "extensions longer than the message", 5 + 79, 255 },
	{ "an extension longer than all", 5 + 83, 255 },
};

Test(hello, broken)
{
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct hello m = message(20, NAME, 20), h = records(&m, 4096);

		h.bytes[broken[i].at] = broken[i].value;
		open_wire();
		wire_bytes(&w, h.bytes, h.len);
		cr_expect_str_eq(w.log, "", "%s", broken[i].name);
		cr_expect_eq(wire_count(&w, REQUEST_NOT_TLS), 1, "%s", broken[i].name);
		cr_expect_eq(requests_bytes(w.requests), 0, "%s", broken[i].name);
		wire_close(&w);
	}
}

Test(hello, name_with_nul)
{
	struct hello m = message(0, "www.example.com", 0), h = records(&m, 4096);

	h.bytes[h.len - 4] = '\0';
	open_wire();
	wire_bytes(&w, h.bytes, h.len);
	cr_expect_str_eq(w.log, "");
	cr_expect_eq(wire_count(&w, REQUEST_NOT_TLS), 1);
	wire_close(&w);
}
