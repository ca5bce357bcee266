/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what a plan asks for was signed. The daemon verified it already and is not believed: it is
 * the process that everybody talks to.
 *
 * From the root that an administrator pinned (CATALOGS/NAME/root.json, which neither daemon nor
 * helper can write) the whole set in the bundle is verified again: root chain, timestamp, snapshot,
 * targets, every role on the way to the target. Then the image: its length and SHA-256, its own word
 * for the drive that it is for, and its sum. Then the edge: declared, of the kind that was asked for,
 * from the revision that the plan names to the one that the entry leads to, and not withdrawn.
 *
 * Metadata that has expired counts for downgrade and recovery only, and only if asked for. What was
 * seen once is a floor (floor.h). Nothing here touches a drive.
 */
#pragma once

#include "base/file.h"
#include "flash/family.h"
#include "flash/settings.h"
#include "wire/flash.h"

typedef struct Trust {
        Entry *entry;
        Mapping image;
        Course course; /* of image, borrows it */
} Trust;

/* BUNDLE and IMAGE are descriptors that the daemon sent: sealed memfds, or refused. NOW is the one
 * time of all checks. */
int trust_prove(const FlashPlan *plan, const Settings *settings, int bundle, int image, int64_t now,
                Trust *ret_trust, Fault *fault) _must_check_;

void trust_done(Trust *trust);
#define _cleanup_trust_ _cleanup_(trust_done)
