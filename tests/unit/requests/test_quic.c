/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* QUIC's Initials: the examples of RFC 9001 and RFC 9369, and names out of what clients make of
 * them. */
#include <arpa/inet.h>
#include <netinet/udp.h>

#include "fixture.h"
#include "quic_seal.h"

#define PAYLOAD 1162 /* of the RFCs' examples */

/* The ClientHello of RFC 9001, A.2, for example.com, in its CRYPTO frame. */
static const char crypto[] =
	"060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c0000"
	"0413011302010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017"
	"0018001000070005"
	"04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71"
	"f50f1ce15d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d000201"
	"01001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901"
	"100f088394c8f03e51570806048000ffff";
#define FRAME_HEAD 4 /* of that frame: type, offset, length */

static const struct quic_id id = { .known = true,
				   .len = 8,
				   .bytes = { 0x83, 0x94, 0xc8, 0xf0, 0x3e, 0x51, 0x57, 0x08 } };

static size_t unhex(const char *hex, uint8_t *to)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		cr_assert_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		to[i] = (uint8_t)byte;
	}
	return n;
}

static void expect_hex(const char *what, const uint8_t *bytes, const char *hex)
{
	uint8_t expected[1200];
	size_t n = unhex(hex, expected);

	cr_expect_arr_eq(bytes, expected, n, "%s", what);
}

static size_t seal(uint8_t *packet, uint32_t version, const struct quic_id *by, uint32_t number,
		   const uint8_t *plain, size_t len)
{
	return quic_seal(packet, quic_head(packet, version, by, number, len), version, by, plain,
			 len);
}

/* The tag at the end is right only if all before it is. */
static const struct example {
	uint32_t version;
	const char *key, *iv, *hp, *begin, *end;
} examples[] = {
	{ QUIC_V1, "1f369613dd76d5467730efcbe3b1a22d", "fa044b2f42a3fd3b46fb255c",
	  "9f50449e04a0e810283a1e9933adedd2",
	  "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11",
	  "e221af44860018ab0856972e194cd934" },
	{ QUIC_V2, "8b1a0bc121284290a29e0971b5cd045d", "91f73e2351d8fa91660e909f",
	  "45b95e15235d6f45a6b19cbcb0294ba9",
	  "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485",
	  "a18b2faa745b6fe189cf772a9f84cbfc" },
};

Test(quic, the_rfcs_examples)
{
	for (size_t i = 0; i < 2; i++) {
		const struct example *e = &examples[i];
		uint8_t plain[PAYLOAD] = { 0 }, packet[1200];
		struct quic_plain opened;
		struct quic_keys keys;
		size_t size;

		cr_assert_eq(quic_derive(e->version, &id, &keys), 0);
		expect_hex("key", keys.key, e->key);
		expect_hex("iv", keys.iv, e->iv);
		expect_hex("hp", keys.hp, e->hp);
		unhex(crypto, plain);
		cr_assert_eq(seal(packet, e->version, &id, 2, plain, PAYLOAD), 1200);
		expect_hex("begin", packet, e->begin);
		expect_hex("end", packet + 1200 - 16, e->end);
		cr_expect(quic_begins(packet, 1200));
		cr_assert_eq(quic_open(packet, 1200, &(struct quic_id){ 0 }, &opened, &size),
			     QUIC_INITIAL);
		cr_expect_eq(size, 1200);
		cr_assert_eq(opened.len, PAYLOAD);
		cr_expect_arr_eq(opened.bytes, plain, PAYLOAD);
		packet[1000] ^= 1;
		cr_expect_eq(quic_open(packet, 1200, &id, &opened, &size), QUIC_BAD);
	}
}

/* ---- names --------------------------------------------------------------------------------- */
static struct wire w;

static void send_datagram(const uint8_t *datagram, size_t len)
{
	const struct requests_origin origin = { .service = "quic", .wants = REQUESTS_SNI };
	struct iphdr ip = { .version = 4, .ihl = 5, .protocol = IPPROTO_UDP };
	struct udphdr udp = { .source = htons(50000), .dest = htons(443) };
	struct ethhdr eth = { .h_proto = htons(ETH_P_IP) };
	uint8_t frame[2048];
	size_t n = sizeof(eth) + sizeof(ip) + sizeof(udp);

	ip.tot_len = htons((uint16_t)(sizeof(ip) + sizeof(udp) + len));
	udp.len = htons((uint16_t)(sizeof(udp) + len));
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	memcpy(frame + n, datagram, len);
	requests_frame(w.requests, &origin, frame, n + len, n + len, w.now_ns);
}

/* So many bytes of the message, from there on, in a datagram of 1200. */
static void send_part(const struct quic_id *by, uint32_t number, size_t from, size_t len)
{
	uint8_t plain[PAYLOAD] = { 0 }, frame[512], packet[1200];

	unhex(crypto, frame);
	plain[0] = 1; /* PING */
	plain[1] = 6;
	plain[2] = (uint8_t)(0x40 | from >> 8);
	plain[3] = (uint8_t)from;
	plain[4] = (uint8_t)(0x40 | len >> 8);
	plain[5] = (uint8_t)len;
	memcpy(plain + 6, frame + FRAME_HEAD + from, len);
	cr_assert_eq(seal(packet, QUIC_V1, by, number, plain, PAYLOAD), 1200);
	send_datagram(packet, 1200);
}

#define MESSAGE 241

static void begin(void)
{
	wire_open(&w, REQUESTS_SNI);
}

static void expect_log(const char *log)
{
	cr_expect_str_eq(w.log, log);
	wire_close(&w);
}

Test(quic, whole_and_once_more)
{
	begin();
	send_part(&id, 0, 0, MESSAGE);
	send_part(&id, 1, 0, MESSAGE);
	cr_expect_eq(wire_count(&w, REQUEST_FLOWS), 1);
	expect_log("sni example.com\n");
}

/* As browsers do: over datagrams, the second of which may come first. */
Test(quic, in_pieces_and_swapped)
{
	for (size_t at = 1; at < MESSAGE; at += 7) {
		begin();
		send_part(&id, 1, at, MESSAGE - at);
		send_part(&id, 0, 0, at);
		expect_log("sni example.com\n");
	}
}

Test(quic, a_piece_that_never_comes)
{
	begin();
	send_part(&id, 1, 20, MESSAGE - 20);
	wire_later(&w, 2000);
	cr_expect_eq(wire_count(&w, REQUEST_GAPS), 1);
	cr_expect_eq(requests_bytes(w.requests), 0);
	expect_log("");
}

/* The same port, another connection. */
Test(quic, a_port_again)
{
	struct quic_id other = id;

	begin();
	send_part(&id, 0, 0, MESSAGE);
	other.bytes[0]++;
	send_part(&other, 0, 0, MESSAGE);
	cr_expect_eq(wire_count(&w, REQUEST_FLOWS), 2);
	expect_log("sni example.com\nsni example.com\n");
}

Test(quic, what_is_none)
{
	uint8_t packet[1400];

	begin();
	memset(packet, 0xff, sizeof(packet));
	send_datagram(packet, 1200);
	memset(packet, 0, sizeof(packet));
	send_datagram(packet, 1200);
	quic_head(packet, QUIC_V1, &id, 0, PAYLOAD);
	send_datagram(packet, 1200);
	send_datagram(packet, 100);
	cr_expect_eq(wire_count(&w, REQUEST_NOT_TLS), 1, "it cannot be decrypted");
	cr_expect_eq(requests_flows(w.requests), 0);
	expect_log("");
}

Test(quic, a_flood_is_bounded)
{
	uint8_t packet[1200] = { 0 };

	begin();
	quic_head(packet, QUIC_V1, &id, 0, PAYLOAD);
	for (int i = 0; i < 6000; i++)
		send_datagram(packet, sizeof(packet));
	cr_expect_eq(wire_count(&w, REQUEST_QUIC_LEFT_OUT), 1000);
	cr_expect_eq(wire_count(&w, REQUEST_NOT_TLS), 5000);
	expect_log("");
}
