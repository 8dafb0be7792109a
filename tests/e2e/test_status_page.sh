#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# The status page in headless Chromium: loads from nowhere else, complains of nothing, shows a host that
# goes down without being reloaded, makes text of hostile names, fits on a phone, and survives the daemon's
# restart. XLB_SHOTS=DIR keeps its screenshots.
#
# shellcheck disable=SC2016 # scripts of the page have dollars of their own

. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/lib/status.sh
. "$LIB_DIR/status.sh"
# shellcheck source=tests/e2e/lib/browser.sh
. "$LIB_DIR/browser.sh"
test_begin_xlb "$0" "$@"
hostname lb1 # of this test's sandbox alone
page_start 1 700
browser_start lb "$PAGE_URL"

# page JAVASCRIPT-EXPRESSION: is it true, or becomes so?
page()
{
	browser wait "${PAGE_SECONDS:-30}" "$1"
}
# The first row of a host, and the text of a service's head.
JS='const $$ = (q) => [...document.querySelectorAll(q)]; '
js() # EXPRESSION
{
	printf '(() => { %s return %s; })()' "$JS" "$1"
}

check "it is live" page "$(js 'document.querySelector("#link").textContent === "live"')"
check "it shows three services" page "$(js '$$(".service").length === 3')"
check "with eleven hosts, all up" page "$(js '$$(".hosts tbody tr .state").filter((e) => e.textContent === "up").length === 11')"
check "its title names the machine" page 'document.title === "xlb lb1"'
check_equal "it has asked nobody else" "" \
	"$(browser requests | grep -Ev "^(http://127.0.0.1:$STATUS_PORT/|chrome://|data:|chrome-untrusted://)" || true)"

# ---- traffic
traffic()
{
	while :; do
		get 4 $((RANDOM % CLIENT_COUNT)) || true
		ns client curl -sS --max-time 2 -o /dev/null "http://$PUBLIC4/" || true
	done
}
traffic >/dev/null 2>&1 &
traffic=$!
check "requests become a rate" page "$(js 'Number($$("#t-sessions .value")[0].textContent) > 0')"
check "and a plot" page "$(js '$$("#t-sessions .plot .line")[0].getAttribute("d").split("L").length > 5')"

check "the log's lines are counted" page "$(js '$$("#logs tbody tr").some((r) => /^connections/.test(r.children[1].textContent) && Number(r.children[3].textContent) > 0)')"

# ---- a change, seen live
browser eval 'window.loadedOnce = true' >/dev/null
server_stop 5
ROWS='$$(".hosts tbody tr").filter((r) => r.querySelector("th").textContent.startsWith("192.168.1.5"))'
check "a server stops: the page shows it down" page "$(js "$ROWS.length === 3 && $ROWS.every((r) => r.querySelector(\".state\").textContent === \"down\")")"
check "with the reason" page "$(js "$ROWS.every((r) => /tcp connect failed/.test(r.querySelector(\".check\").textContent))")"
check "and the event" page "$(js '$$("#events li").some((e) => /host 192.168.1.5 in kube_hosts:80: tcp connect failed/.test(e.textContent))')"
check "and in its title" page 'document.title === "(!) xlb lb1"'
browser size 1280 800
if [ -n "${XLB_SHOTS-}" ]; then
	hold_start page 4 32
	sleep 60 # let the plots grow
	for scheme in light dark; do
		browser scheme "$scheme"
		browser screenshot --whole "$XLB_SHOTS/$scheme.png"
	done
	hold_stop page
fi
server_start 5
check "it starts again: the page shows it up" page "$(js "$ROWS.every((r) => r.querySelector(\".state\").textContent === \"up\")")"
check_equal "the page was not loaded anew" true "$(browser eval 'window.loadedOnce === true')"
kill "$traffic"

# ---- an operator, and the list of counters
ctl host disable 192.168.1.6 >/dev/null
check "a host that is disabled" page "$(js '$$(".hosts .state").some((e) => e.textContent === "disabled")')"
check "by an operator" page "$(js '$$("#events li").some((e) => /by an operator/.test(e.textContent))')"
browser eval "$(js 'document.querySelector("#all-counters").click()')" >/dev/null
check "all counters" page "$(js '$$("#counters tbody tr").length >= 30')"

# ---- a phone
browser size 360 780 --scale 2
for width in 360 320; do
	browser size "$width" 780
	check "nothing is wider than a phone of $width pixels" page 'document.documentElement.scrollWidth <= innerWidth'
done
browser size 360 780
browser scheme light
browser screenshot "$RUN/phone.png"
check_at_least "a screenshot" 10000 "$(stat -c %s "$RUN/phone.png")"
[ -z "${XLB_SHOTS-}" ] || cp "$RUN/phone.png" "$XLB_SHOTS/"
browser size 1280 800

# ---- accessible
check_equal "pictures have names" 0 "$(browser eval "$(js '$$("svg[role=img]").filter((e) => !e.getAttribute("aria-label")).length')")"
check_equal "tables have heads" 0 "$(browser eval "$(js '$$("table").filter((e) => !e.querySelector("thead th[scope=col]")).length')")"
check_equal "fields have labels" 0 "$(browser eval "$(js '$$("input").filter((e) => !e.labels.length).length')")"
check_equal "no complaint on the console" "" "$(browser console)"

# ---- names that are markup
EVIL='<img src=x onerror=alert(1)>'
page_conf 1 700 'table <"<script>t</script>"> { 192.168.1.3 }' "relay \"$EVIL\" {" \
	"listen on 192.168.0.2 port 8080" 'forward to <"<script>t</script>"> port 80 check tcp' '}' >/dev/null
check "reload with hostile names" ctl reload
check "they are text" page "$(js "\$\$(\".service h3\").some((e) => e.textContent === \"$EVIL\")")"
check_equal "and nothing else" "0 0" "$(browser eval "$(js '$$("img").filter((e) => !/icon.svg/.test(e.src)).length + " " + $$("script").filter((e) => !/page.js/.test(e.src)).length')")"
check "a reload is an event" page "$(js '$$("#events li").some((e) => /^.*loaded.*page.conf/.test(e.textContent))')"
check_equal "still no complaint" "" "$(browser console)"

# ---- the daemon goes and comes
xlbd_stop
check "without the daemon it says so" page "$(js 'document.querySelector("#link").dataset.state === "lost"')"
xlbd_start "$RUN/page.conf"
check "and finds the next one by itself" page "$(js 'document.querySelector("#link").textContent === "live"')"
check_equal "without having been loaded anew" true "$(browser eval 'window.loadedOnce === true')"
browser_stop
finish
