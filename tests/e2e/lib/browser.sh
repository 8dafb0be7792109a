# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# A browser on the load balancer itself: sourced after lib.sh. Debian's chromium, headless.

# browser_start NS URL
browser_start()
{
	local program
	for program in chromium chromedriver; do
		command -v "$program" >/dev/null || skip "$program is missing (see tests/packages)"
	done
	BROWSER_NS=$1
	# Its home is its own; what it has there goes with the run.
	HOME=$RUN start_in "$BROWSER_NS" "$RUN/chromedriver.log" chromedriver --port=9515
	wait_for 20 ns "$BROWSER_NS" curl -fsS http://127.0.0.1:9515/status ||
		die "chromedriver: $(tail -5 "$RUN/chromedriver.log")"
	browser open --profile "$RUN/chromium" "$2" || die "no browser: $(tail -5 "$RUN/chromedriver.log")"
}

# browser COMMAND...: see browser.py.
browser()
{
	ns "$BROWSER_NS" "$PYTHON" "$LIB_DIR/../peers/browser.py" --session "$RUN/browser.session" "$@"
}

browser_stop()
{
	browser quit
}
