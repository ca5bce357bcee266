/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The members that an entry may have, object by object: what the parser accepts, and what
 * schema/catalog/entry.schema.json must list (a test compares the two).
 */
#pragma once

typedef enum EntryObject {
        ENTRY_OBJECT_TOP = 0,
        ENTRY_OBJECT_RECIPE = 1,
        ENTRY_OBJECT_IMAGE = 2,
        ENTRY_OBJECT_CHECK = 3, /* image.checks[] */
        ENTRY_OBJECT_MASK = 4,  /* masks[] */
        ENTRY_OBJECT_EDGE = 5,  /* edges[] */
        ENTRY_OBJECT_AFTER = 6,
        _ENTRY_OBJECT_MAX,
} EntryObject;

/* NULL-terminated. */
const char *const *entry_members(EntryObject object);
