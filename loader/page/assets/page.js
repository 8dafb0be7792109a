// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
//
// The status page: asks for /v1/status again and again, and shows what has changed. Names come from
// configurations and servers; they only ever become text (textContent), never markup.
"use strict";

const PERIOD_MS = 2000; // between two answers, or …
const REST = 5; // … so many times as long as an answer takes
const PATIENCE_MS = 12000; // for an answer
const POINTS = 150; // of a plot at most
const WINDOW = 30; // … and at least: before there are more, they are at its right
const OPEN_AT_MOST = 8; // services that show their hosts without being asked
const SHOWN_AT_MOST = 200; // services on the page; the filter finds the others

const $ = (id) => document.getElementById(id);

// ---- elements

function element(name, properties, ...children) {
	const e = document.createElement(name);
	Object.assign(e, properties);
	e.append(...children);
	return e;
}

function put(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

function badge(node, state, text) {
	node.className = "badge";
	if (node.dataset.state !== state)
		node.dataset.state = state;
	put(node, text);
}

// Children of `parent`, one for each item, made once and updated from then on.
function each(parent, items, key, make, update) {
	const known = parent.known ??= new Map();
	const seen = new Set();
	let before = null;
	for (const item of items) {
		const k = key(item);
		seen.add(k);
		let node = known.get(k);
		if (!node)
			known.set(k, node = make(item));
		const place = before ? before.nextSibling : parent.firstChild;
		if (node !== place)
			parent.insertBefore(node, place);
		update(node, item);
		before = node;
	}
	for (const [k, node] of known)
		if (!seen.has(k)) {
			node.remove();
			known.delete(k);
		}
}

// ---- numbers

function short(n) {
	if (n === null || n === undefined)
		return "–";
	for (const [size, unit] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e4, " k"]])
		if (n >= size)
			return (n / (unit === " k" ? 1e3 : size)).toPrecision(3).replace(/\.?0+$/, "") + unit;
	return n >= 100 || Number.isInteger(n) ? Math.round(n).toString() : n.toPrecision(2);
}

const rate = (n) => n === null ? "–" : short(n);
const bits = (n) => n === null ? "–" : short(n * 8) + (n * 8 >= 1e4 ? "bit/s" : " bit/s");

function duration(s) {
	if (s === null || s === undefined)
		return "";
	const days = Math.floor(s / 86400), hours = Math.floor(s / 3600) % 24;
	if (days)
		return `${days} d ${hours} h`;
	if (s >= 3600)
		return `${hours} h ${Math.floor(s / 60) % 60} min`;
	return s >= 60 ? `${Math.floor(s / 60)} min` : `${s} s`;
}

// ---- rates: the difference of two answers

class Series {
	constructor() {
		this.points = [];
		this.last = null;
		this.rate = null;
	}

	// A counter that goes backwards is another daemon's, or another data plane's.
	sample(total, seconds) {
		const known = this.last !== null && total !== null && total >= this.last && seconds > 0;
		this.rate = known ? (total - this.last) / seconds : null;
		this.last = total;
		this.points.push(this.rate);
		if (this.points.length > POINTS)
			this.points.shift();
	}
}

const series = new Map();
let round = 0;

function sample(name, total, seconds) {
	let s = series.get(name);
	if (!s)
		series.set(name, s = new Series());
	s.round = round;
	s.sample(total, seconds);
	return s;
}

const rateOf = (name) => series.get(name)?.rate ?? null;

// Of what has gone from the answers nothing is kept.
function forgetSeries() {
	for (const [name, s] of series)
		if (s.round !== round)
			series.delete(name);
}

// ---- plots

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes) {
	const e = document.createElementNS(SVG, name);
	for (const [k, v] of Object.entries(attributes))
		e.setAttribute(k, v);
	return e;
}

function plot() {
	const e = svg("svg", { class: "plot", preserveAspectRatio: "none", role: "img" });
	e.append(svg("path", { class: "area" }), svg("path", { class: "line" }));
	return e;
}

// The newest point is at the right; gaps stay gaps.
function draw(e, s, what) {
	const points = s?.points ?? [];
	const most = Math.max(...points.filter((p) => p !== null), 1e-9);
	const width = Math.max(points.length, WINDOW);
	const x0 = width - points.length;
	let line = "", area = "", from = null;
	points.forEach((p, i) => {
		const x = x0 + i, y = (38 - 34 * (p ?? 0) / most).toFixed(1);
		if (p !== null) {
			line += `${from === null ? "M" : "L"}${x} ${y}`;
			area += `${from === null ? `M${x} 40L` : "L"}${x} ${y}`;
			from ??= x;
		}
		if (from !== null && (p === null || i === points.length - 1)) {
			area += `L${p === null ? x - 1 : x} 40Z`;
			from = null;
		}
	});
	e.setAttribute("viewBox", `0 0 ${width - 1} 40`);
	e.firstChild.setAttribute("d", area);
	e.lastChild.setAttribute("d", line);
	e.setAttribute("aria-label", `${what}, at most ${short(most < 1e-6 ? 0 : most)} in the last minutes`);
}

// ---- states

const HOST_STATES = { up: "good", down: "bad", unknown: "off", disabled: "off", draining: "warn" };

function serviceState(s) {
	if (s.why_not)
		return ["warn", "not served"];
	if (s.disabled)
		return ["off", "disabled"];
	if (!s.usable)
		return ["bad", s.status === "active" ? "no usable host" : s.status];
	return [/backup|panic/.test(s.status) ? "warn" : "good", s.status];
}

// What is to be read beside a host's status.
function hostReason(h, left) {
	if (left)
		return left;
	const since = h.since_s === null ? "" : ` for ${duration(h.since_s)}`;
	if (h.status === "up" && !h.usable)
		return h.next_hop === "ok" ? "not in use" : `next hop: ${h.next_hop}`;
	if (h.status === "up" || h.status === "down")
		return (h.reason ?? h.check) + since;
	return h.next_hop === "ok" || h.status !== "unknown" ? h.reason ?? "" : `next hop: ${h.next_hop}`;
}

// ---- tiles

function tile(id, name) {
	let t = $(id);
	if (t)
		return t;
	t = element("div", { id, className: "tile" }, element("p", { className: "name", textContent: name }),
		element("p", { className: "value" }), element("p", { className: "note" }));
	$("tiles").append(t);
	return t;
}

function countTile(id, name, good, all, notes) {
	const t = tile(id, name);
	put(t.children[1], `${good} of ${all}`);
	put(t.children[2], notes || "all well");
	t.children[2].classList.toggle("bad", Boolean(notes));
}

function rateTile(id, name, s, text) {
	const t = tile(id, name);
	put(t.children[1], text);
	if (!t.plot)
		t.append(t.plot = plot());
	t.children[2].hidden = true;
	draw(t.plot, s, name);
}

function some(list, text) {
	return list.length ? `${list.length} ${text}` : "";
}

function showTiles(d, sums) {
	const wanted = d.services.filter((s) => !s.disabled);
	const served = wanted.filter((s) => s.usable && !s.why_not);
	const down = d.hosts.filter((h) => h.status === "down");
	const up = d.hosts.filter((h) => h.status === "up");
	countTile("t-services", "Services up", served.length, wanted.length,
		some(wanted.filter((s) => !s.usable || s.why_not), "without a host"));
	countTile("t-hosts", "Hosts up", up.length, d.hosts.length, some(down, "down"));
	rateTile("t-sessions", "New connections/s", sums.sessions, rate(sums.sessions.rate));
	rateTile("t-packets", "Packets/s", sums.packets, rate(sums.packets.rate));
	rateTile("t-bytes", "Traffic", sums.bytes, bits(sums.bytes.rate));
	rateTile("t-drops", "Drops/s", sums.drops, rate(sums.drops.rate));
}

// ---- services

const serviceKey = (s) => `${s.type} ${s.name}`;

function term(name) {
	return element("div", {}, element("dt", { textContent: name }), element("dd"));
}

function makeService(s) {
	const node = element("details", { className: "service" });
	const title = element("div", { className: "title" }, element("h3"), element("span"));
	const rates = element("dl", { className: "rates" }, term("conn/s"), term("packets/s"), term("traffic"), term("flows"));
	node.plot = plot();
	node.append(element("summary", {}, element("div", {}, title, element("p", { className: "how" })), rates, node.plot));
	node.addEventListener("toggle", () => latest && showHosts(node, latest));
	return node;
}

function how(s) {
	const ways = { route: "direct return", nat: "NAT", transparent: "transparent NAT" };
	const parts = [`${s.type}: ${s.listens.join(", ")}`, ways[s.forward], s.mode];
	if (s.sticky)
		parts.push("sticky");
	if (s.why_not)
		parts.push(s.why_not);
	return parts.join(" · ");
}

function updateService(node, s) {
	const [state, text] = serviceState(s);
	const key = serviceKey(s);
	const [summary] = node.children;
	const [head, rates] = summary.children;
	put(head.firstChild.children[0], s.name);
	badge(head.firstChild.children[1], state, text);
	put(head.children[1], how(s));
	const values = [rate(rateOf(key + " sessions")), rate(rateOf(key + " packets")),
		bits(rateOf(key + " bytes")), short(s.traffic[3])];
	values.forEach((v, i) => put(rates.children[i].lastChild, v));
	draw(node.plot, series.get(key + " sessions"), "New connections per second");
	node.service = s;
	if (!node.decided) {
		node.decided = true;
		node.open = latest.services.length <= OPEN_AT_MOST || state === "bad";
	}
	showHosts(node, latest);
}

function makeHost() {
	const row = element("tr", {}, element("th", { scope: "row", className: "host" }), element("td", { className: "state" }),
		element("td", { className: "check" }), element("td", { className: "n" }), element("td", { className: "n" }),
		element("td", { className: "shared" }), element("td", { className: "n" }));
	row.children[0].append(element("span"), element("span", { className: "sub" }));
	row.children[1].append(element("span"));
	row.children[3].dataset.label = "check";
	row.children[4].dataset.label = "conn/s";
	row.children[6].dataset.label = "flows";
	const bar = svg("svg", { class: "share", viewBox: "0 0 100 8", preserveAspectRatio: "none", role: "img" });
	bar.append(svg("rect", { width: 0, height: 8 }));
	row.children[5].append(bar);
	return row;
}

function updateHost(row, b, service, sum) {
	const h = latest.hosts[b.host];
	const cells = row.children;
	const own = rateOf(`${serviceKey(service)} ${h.id}`);
	const share = sum > 0 && own !== null ? Math.round(100 * own / sum) : 0;
	const away = h.status === "up" && (!h.usable || b.left_out);
	put(cells[0].firstChild, h.name);
	put(cells[0].lastChild, [h.address === h.name ? "" : h.address, h.weight === 1 ? "" : `weight ${h.weight}`,
		service.table && h.table !== service.table ? `table ${h.table}` : ""].filter(Boolean).join(" · "));
	badge(cells[1].firstChild, away ? "warn" : HOST_STATES[h.status] ?? "off", away ? "up, unused" : h.status);
	put(cells[2], hostReason(h, b.left_out));
	put(cells[3], h.latency_ms === null ? "–" : `${h.latency_ms} ms`);
	put(cells[4], rate(own));
	cells[5].firstChild.firstChild.setAttribute("width", share);
	cells[5].firstChild.setAttribute("aria-label", `${share} % of the new connections`);
	put(cells[6], short(b.traffic[3]));
}

// A table of hosts is only there while its service is open.
function showHosts(node, d) {
	if (!node.open) {
		node.table?.remove();
		node.table = null;
		return;
	}
	if (!node.table) {
		const head = element("tr");
		for (const [name, kind] of [["Host", "host"], ["State", "state"], ["Last check", "check"], ["Took", "n"], ["Conn/s", "n"],
			["Share", "shared"], ["Flows", "n"]])
			head.append(element("th", { scope: "col", className: kind, textContent: name }));
		node.table = element("table", { className: "hosts" }, element("thead", {}, head), element("tbody"));
		node.append(node.table);
	}
	const s = node.service;
	const sum = s.backends.reduce((n, b) => n + (rateOf(`${serviceKey(s)} ${d.hosts[b.host].id}`) ?? 0), 0);
	each(node.table.tBodies[0], s.backends, (b) => d.hosts[b.host].id, makeHost, (row, b) => updateHost(row, b, s, sum));
}

const ORDER = { bad: 0, warn: 1, good: 2, off: 3 };

function matches(s, d, words) {
	const text = [s.name, s.type, s.mode, serviceState(s)[1], ...s.listens,
		...s.backends.flatMap((b) => [d.hosts[b.host].name, d.hosts[b.host].status])].join(" ").toLowerCase();
	return words.every((w) => text.includes(w));
}

function showServices(d) {
	const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
	const found = words.length ? d.services.filter((s) => matches(s, d, words)) : d.services;
	const many = d.services.length > OPEN_AT_MOST;
	const list = many ? [...found].sort((a, b) => ORDER[serviceState(a)[0]] - ORDER[serviceState(b)[0]]) : found;
	$("filter-label").hidden = !many;
	each($("services"), list.slice(0, SHOWN_AT_MOST), serviceKey, makeService, updateService);
	$("more").hidden = list.length <= SHOWN_AT_MOST && found.length > 0;
	put($("more"), found.length ? `${list.length - SHOWN_AT_MOST} more services; the filter finds them.` :
		words.length ? "No service matches." : "No services are configured.");
}

// ---- the lower part

function when(e) {
	const t = new Date(e.time), today = new Date().toDateString() === t.toDateString();
	return today ? t.toLocaleTimeString([], { hour12: false }) :
		t.toLocaleDateString([], { month: "short", day: "numeric" }) + " " +
		t.toLocaleTimeString([], { hour12: false, hour: "2-digit", minute: "2-digit" });
}

// [state, badge, text]
function story(e) {
	switch (e.type) {
	case "host_status":
		return [HOST_STATES[e.state] ?? "off", e.state, `host ${e.name} in ${e.table}: ${e.reason}`];
	case "host_admin":
		return [HOST_STATES[e.status] ?? "off", e.status, `host ${e.name} in ${e.table}, by an operator`];
	case "table_admin":
		return ["off", e.disabled ? "disabled" : "enabled", `table ${e.name}`];
	case "service_admin":
		return ["off", e.disabled ? "disabled" : "enabled", `service ${e.name}`];
	case "reload":
		return e.ok ? ["good", "loaded", e.file] : ["bad", "not loaded", e.error ?? e.file];
	case "attach":
		return ["good", "attached", `${e.interface}: ${[e.mode && `XDP ${e.mode}`, e.nat && `NAT by ${e.nat}`].filter(Boolean).join(", ")}`];
	}
	const rest = Object.entries(e).filter(([k, v]) => k !== "type" && k !== "time" && v !== null);
	return ["off", e.type.replaceAll("_", " "), rest.map(([k, v]) => `${k} ${v}`).join(", ")];
}

function makeEvent(e) {
	const [state, word, text] = story(e);
	const mark = element("span");
	badge(mark, state, word);
	return element("li", {}, element("time", { dateTime: e.time, textContent: when(e) }), element("span", {}, mark, text));
}

function showEvents(d) {
	const list = [...d.events].reverse();
	each($("events"), list, (e) => JSON.stringify(e), makeEvent, () => {});
	if (!list.length && !$("events").firstChild)
		$("events").append(element("li", { className: "quiet", textContent: "None since the daemon's start." }));
}

const VERDICTS = { pass: "to the local stack", drop: "dropped", forward: "forwarded", event: "goes on" };

function makeCounter(c) {
	return element("tr", {}, element("th", { scope: "row" }, element("code", { textContent: c.name }),
		element("span", { className: "sub", textContent: c.text })), element("td", { textContent: VERDICTS[c.verdict] ?? c.verdict }),
		element("td", { className: "n" }), element("td", { className: "n" }));
}

let allCounters = false;

function showCounters(d) {
	const list = d.counters.filter((c) => allCounters || c.count);
	each($("counters").tBodies[0], list, (c) => c.name, makeCounter, (row, c) => {
		const r = rateOf("counter " + c.name);
		put(row.children[2], r === null ? "–" : `${short(r)}/s`);
		put(row.children[3], short(c.count));
	});
}

const TABLES = { flows4: "IPv4 flows", flows6: "IPv6 flows", connections: "connections (NAT)" };

function makeTable(t) {
	return element("tr", {}, element("th", { scope: "row", textContent: TABLES[t.name] ?? t.name }),
		element("td", {}, element("meter", { min: 0, low: 0.7, high: 0.9, optimum: 0, max: 1 })),
		element("td", { className: "n" }), element("td", { className: "n" }));
}

function showTables(d) {
	each($("tables").tBodies[0], d.tables, (t) => t.name, makeTable, (row, t) => {
		const meter = row.children[1].firstChild;
		meter.value = t.max ? t.used / t.max : 0;
		meter.setAttribute("aria-label", `${Math.round(100 * meter.value)} %`);
		put(row.children[2], short(t.used));
		put(row.children[3], short(t.max));
	});
}

// What logs and captures have seen, and what was lost to them.
function makeLog(l) {
	const mark = element("span");
	if (l.kind === "losses")
		badge(mark, "bad", "lost");
	return element("tr", {}, element("th", { scope: "row" }, mark, ` ${l.text}`), element("td", { textContent: l.log }), element("td", { className: "n" }),
		element("td", { className: "n" }));
}

function showLogs(d) {
	const list = d.logs.filter((l) => l.count);
	$("logs-section").hidden = !list.length;
	each($("logs").tBodies[0], list, (l) => l.name, makeLog, (row, l) => {
		const r = rateOf("log " + l.name);
		put(row.children[2], r === null ? "–" : `${short(r)}/s`);
		put(row.children[3], short(l.count));
	});
}

function makeInterface() {
	return element("tr", {}, element("th", { scope: "row" }), element("td", {}, element("span")), element("td", {}, element("span"),
		element("span", { className: "sub" })), element("td"));
}

function showInterfaces(d) {
	each($("interfaces").tBodies[0], d.interfaces, (i) => i.name, makeInterface, (row, i) => {
		put(row.children[0], i.name);
		badge(row.children[1].firstChild, i.up ? "good" : "bad", i.up ? "up" : "down");
		put(row.children[2].firstChild, i.mode ?? "–");
		put(row.children[2].lastChild, i.why_generic ?? "");
		put(row.children[3], i.nat ?? "–");
	});
}

// ---- notices

function notices(d) {
	const list = [];
	if (!d.daemon.attached)
		list.push(["bad", "Detached: nothing is forwarded."]);
	if (d.daemon.attached && !d.daemon.synced)
		list.push(["", "The kernel does not have the last change yet."]);
	if (d.daemon.reload_error)
		list.push(["bad", d.daemon.reload_error]);
	if (d.daemon.config_state === "unconfirmed")
		list.push(["", `The configuration is rolled back in ${duration(d.daemon.confirm_in_s)} unless confirmed: xlbctl confirm`]);
	if (d.daemon.config_state === "rolled back")
		list.push(["", "Rolled back: nobody confirmed the last reload."]);
	for (const t of d.tables)
		if (t.max && t.used > 0.9 * t.max)
			list.push(["bad", `${TABLES[t.name] ?? t.name}: nearly full.`]);
	return list;
}

function showNotices(d) {
	each($("notices"), notices(d), ([, text]) => text.slice(0, 24), () => element("p"), (node, [kind, text]) => {
		node.className = `notice ${kind}`;
		put(node, text);
	});
}

function showAbout(d) {
	const file = d.daemon.config_file ? ` · ${d.daemon.config_file}` : "";
	put($("about"), `${d.daemon.hostname ?? location.hostname} · version ${d.daemon.version} · up ${duration(d.daemon.uptime_s)}${file}`);
	document.title = `${d.hosts.some((h) => h.status === "down") ? "(!) " : ""}xlb ${d.daemon.hostname ?? ""}`;
}

// ---- answers

let latest = null;
let latestAt = 0;

function total(d, part) {
	return d.services.reduce((n, s) => n + (s.traffic[part] ?? 0), 0);
}

function takeSamples(d) {
	const seconds = latest ? (d.time_ms - latest.time_ms) / 1000 : 0;
	round++;
	for (const s of d.services) {
		const key = serviceKey(s);
		sample(key + " packets", s.traffic[0], seconds);
		sample(key + " bytes", s.traffic[1], seconds);
		sample(key + " sessions", s.traffic[2], seconds);
		for (const b of s.backends)
			sample(`${key} ${d.hosts[b.host].id}`, b.traffic[2], seconds);
	}
	for (const c of d.counters)
		sample("counter " + c.name, c.count, seconds);
	for (const l of d.logs)
		sample("log " + l.name, l.count, seconds);
	const drops = d.counters.reduce((n, c) => n + (c.verdict === "drop" ? c.count ?? 0 : 0), 0);
	const sums = {
		packets: sample("packets", total(d, 0), seconds),
		bytes: sample("bytes", total(d, 1), seconds),
		sessions: sample("sessions", total(d, 2), seconds),
		drops: sample("drops", drops, seconds),
	};
	forgetSeries();
	return sums;
}

function show(d) {
	if (latest && d.time_ms <= latest.time_ms)
		return; // the same answer once more
	const sums = takeSamples(d);
	latest = d;
	showAbout(d);
	showNotices(d);
	showTiles(d, sums);
	showServices(d);
	showEvents(d);
	showCounters(d);
	showTables(d);
	showLogs(d);
	showInterfaces(d);
}

function setLink(state, text) {
	if ($("link").dataset.state !== state)
		$("link").dataset.state = state;
	put($("link"), text);
	document.body.classList.toggle("stale", state === "lost");
}

async function ask() {
	const answer = await fetch("/v1/status", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
	if (!answer.ok)
		throw new Error(`status ${answer.status}`);
	return answer.json();
}

async function poll() {
	const from = performance.now();
	try {
		show(await ask());
		latestAt = performance.now();
		setLink("live", "live");
	} catch {
		setLink("lost", latestAt ? `no answer for ${duration(Math.round((performance.now() - latestAt) / 1000))}, trying` : "no answer, trying");
	}
	setTimeout(next, Math.max(PERIOD_MS, REST * (performance.now() - from)));
}

// A page that nobody sees asks for nothing.
function next() {
	if (document.hidden)
		document.addEventListener("visibilitychange", next, { once: true });
	else
		poll();
}

$("filter").addEventListener("input", () => latest && showServices(latest));
$("all-counters").addEventListener("click", (event) => {
	allCounters = !allCounters;
	event.target.setAttribute("aria-pressed", String(allCounters));
	if (latest)
		showCounters(latest);
});
next();
