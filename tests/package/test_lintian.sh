#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#
# Debian's own look at the package, and ours at what belongs in it.

. "$(dirname "$0")/lib.sh"
package_make lintian

# systemd only: libsystemd is its event loop. The rest is without a finding.
check_equal "lintian has nothing to say" "" \
	"$(lintian --profile debian --allow-root --display-level '>=pedantic' --fail-on none \
		--suppress-tags package-supports-alternative-init-but-no-init.d-script \
		"$PACKAGE" 2>&1)"
for file in usr/sbin/xlbd usr/bin/xlbctl usr/lib/systemd/system/xlbd.service \
	usr/lib/sysusers.d/xlb.conf usr/lib/tmpfiles.d/xlb.conf usr/lib/sysctl.d/60-xlb.conf \
	usr/share/man/man8/xlbd.8.gz usr/share/man/man8/xlbctl.8.gz \
	usr/share/man/man5/xlb.conf.5.gz etc/default/xlb etc/logrotate.d/xlb etc/xlb; do
	check "it has /$file" test -e "$TREE/$file"
done
check_equal "what an administrator changes is kept" "/etc/default/xlb
/etc/logrotate.d/xlb" \
	"$(dpkg-deb -I "$PACKAGE" conffiles)"
finish
