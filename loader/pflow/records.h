/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* What has ended, as records: as pflow(4) does, one for each direction that carried anything. */
#ifndef XLB_PFLOW_RECORDS_H
#define XLB_PFLOW_RECORDS_H

#include "dataplane/dataplane.h"
#include "pflow/record.h"

/*
 * How many of ret are written: none of what has just begun, or of what nothing is known. Both
 * directions are in the client's terms: from it to the listen address, and back. Only the first one
 * says what became of it. Of direct server return there is no other.
 */
unsigned pflow_records(const struct conn_event *e, struct pflow_record ret[2]);

#endif
