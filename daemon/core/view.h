/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What clients see: states of the core as parameters of schema/varlink/org.discfw.varlink. NULL only on
 * lack of memory. */
#pragma once

#include "base/json.h"
#include "core/job.h"

json_t *view_drive(Core *core, const Drive *drive, const Caller *caller);
json_t *view_drives(Core *core, bool all, const Caller *caller);
json_t *view_catalog(Core *core, const CatalogState *catalog);
json_t *view_catalogs(Core *core);
json_t *view_step(Core *core, const Drive *drive, const Step *step);
json_t *view_plan(Core *core, const PlanQuestion *question, const PlanAnswer *answer);
json_t *view_time(int64_t time); /* null for 0 */

/* show.c */
json_t *view_show(Core *core, Drive *drive, const Caller *caller);
json_t *view_status(Core *core, const Caller *caller);

/* why.c */
json_t *why_make(Core *core, Drive *drive, const char *version, const Caller *caller, Fault *fault);

/* doctor.c */
json_t *doctor_make(Core *core);
