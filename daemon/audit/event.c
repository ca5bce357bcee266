/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "audit/event.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"

#define TIME_MAX INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

static const char *const kinds[_AUDIT_KIND_MAX] = {
        [AUDIT_KEY] = "audit.key",
        [AUDIT_DRIVE_SEEN] = "drive.seen",
        [AUDIT_DRIVE_CHANGED] = "drive.changed-outside",
        [AUDIT_FLASH_INTENT] = "flash.intent",
        [AUDIT_FLASH_OUTCOME] = "flash.outcome",
        [AUDIT_CATALOG_REFRESHED] = "catalog.refreshed",
        [AUDIT_CATALOG_ADDED] = "catalog.added",
        [AUDIT_CATALOG_REMOVED] = "catalog.removed",
        [AUDIT_CATALOG_FAILED] = "catalog.failed",
        [AUDIT_HOLD] = "hold",
        [AUDIT_UNHOLD] = "unhold",
        [AUDIT_WANT] = "want",
        [AUDIT_RESOLVE] = "resolve",
        [AUDIT_REFUSED] = "refused",
        [AUDIT_ROLLBACK_EXPIRED] = "rollback.expired",
        [AUDIT_IMAGE_SUPPLIED] = "image.supplied",
        [AUDIT_STORE] = "store",
        [AUDIT_BACKUP] = "backup",
};

const char *audit_kind_name(AuditKind kind) {
        assert(kind < _AUDIT_KIND_MAX);
        return kinds[kind];
}

bool audit_kind_from_name(const char *name, AuditKind *ret_kind) {
        for (AuditKind kind = 0; kind < _AUDIT_KIND_MAX; kind++)
                if (strcmp(kinds[kind], name) == 0) {
                        *ret_kind = kind;
                        return true;
                }
        return false;
}

/* The form of an entry, once, for both directions. SEQ and PREV are not of the event. */
typedef enum MemberType {
        MEMBER_SEQ,
        MEMBER_PREV,
        MEMBER_TIME,
        MEMBER_TEXT,
        MEMBER_MILLISECONDS,
        MEMBER_KIND,
        MEMBER_UID,
        MEMBER_IMAGE,
        MEMBER_FAULT,
        MEMBER_JOB,
        MEMBER_COUNTERS,
        MEMBER_ANEW,
} MemberType;

#define TEXT_AT(field) MEMBER_TEXT, offsetof(AuditEvent, field), sizeof(((AuditEvent *)NULL)->field)

static const struct Member {
        const char *name;
        MemberType type;
        size_t offset, size;
} members[] = {
        { "seq", MEMBER_SEQ },
        { "prev", MEMBER_PREV },
        { "time", MEMBER_TIME },
        { "boot", TEXT_AT(when.boot_id) },
        { "boottime", MEMBER_MILLISECONDS },
        { "kind", MEMBER_KIND },
        { "uid", MEMBER_UID },
        { "user", TEXT_AT(user) },
        { "via", TEXT_AT(via) },
        { "drive", TEXT_AT(drive_id) },
        { "node", TEXT_AT(node) },
        { "model", TEXT_AT(model) },
        { "from", TEXT_AT(from) },
        { "to", TEXT_AT(to) },
        { "catalog", TEXT_AT(catalog) },
        { "target", TEXT_AT(target) },
        { "image", MEMBER_IMAGE },
        { "reason", TEXT_AT(reason) },
        { "outcome", TEXT_AT(outcome) },
        { "fault", MEMBER_FAULT },
        { "fault-text", TEXT_AT(fault.text) },
        { "sense", TEXT_AT(sense) },
        { "job", MEMBER_JOB },
        { "detail", TEXT_AT(detail) },
        { "kernel-before", MEMBER_COUNTERS, offsetof(AuditEvent, before), sizeof(AuditCounters) },
        { "kernel-after", MEMBER_COUNTERS, offsetof(AuditEvent, after), sizeof(AuditCounters) },
        { "kernel-anew", MEMBER_ANEW },
};

/* Text that is not UTF-8 is escaped, and then cut to what the member may hold. */
static json_t *text_member(const char *text, size_t size) {
        char escaped[FAULT_TEXT_MAX];
        json_t *json = json_string(text);

        assert(size <= sizeof(escaped));
        if (json)
                return json;
        text_escape_utf8(text, escaped, size);
        return json_string(escaped);
}

static json_t *hash_member(const uint8_t hash[SHA256_LENGTH]) {
        char hex[2 * SHA256_LENGTH + 1];

        hex_encode(hash, SHA256_LENGTH, hex);
        return json_string(hex);
}

static json_t *time_member(int64_t time) {
        char text[CLOCK_TEXT_SIZE];

        clock_format(time, text);
        return json_string(text);
}

static json_t *counters_member(const AuditCounters *counters, bool *ret_absent) {
        *ret_absent = !counters->known;
        if (!counters->known)
                return NULL;
        return json_pack("[III]", (json_int_t)counters->done, (json_int_t)counters->errors,
                         (json_int_t)counters->timeouts);
}

/* The value of a member, or NULL: absent, or no memory, told apart by RET_ABSENT. */
static json_t *member_value(const struct Member *member, const AuditEvent *event, int64_t seq,
                            const uint8_t prev[SHA256_LENGTH], bool *ret_absent) {
        const void *at = (const char *)event + member->offset;
        const char *text = at;

        *ret_absent = false;
        switch (member->type) {
        case MEMBER_SEQ: return json_integer(seq);
        case MEMBER_PREV: return hash_member(prev);
        case MEMBER_TIME: return time_member(event->when.time);
        case MEMBER_KIND: return json_string(audit_kind_name(event->kind));
        case MEMBER_TEXT:
                *ret_absent = text[0] == '\0';
                return *ret_absent ? NULL : text_member(text, member->size);
        case MEMBER_MILLISECONDS:
                *ret_absent = event->when.boottime_ms == 0;
                return *ret_absent ? NULL : json_integer((json_int_t)event->when.boottime_ms);
        case MEMBER_UID:
                *ret_absent = !event->by_user;
                return *ret_absent ? NULL : json_integer(event->uid);
        case MEMBER_IMAGE:
                *ret_absent = !event->has_image;
                return *ret_absent ? NULL : hash_member(event->image);
        case MEMBER_FAULT:
                *ret_absent = event->fault.code == FAULT_NONE;
                return *ret_absent ? NULL : json_string(fault_name(event->fault.code));
        case MEMBER_JOB:
                *ret_absent = event->job == 0;
                return *ret_absent ? NULL : json_integer(event->job);
        case MEMBER_COUNTERS: return counters_member((const AuditCounters *)at, ret_absent);
        case MEMBER_ANEW:
                *ret_absent = !event->counted_anew;
                return *ret_absent ? NULL : json_true();
        }
        assert(false);
}

int audit_event_encode(const AuditEvent *event, int64_t seq, const uint8_t prev[SHA256_LENGTH],
                       char **ret_entry, size_t *ret_n_entry) {
        _cleanup_json_ json_t *object = json_object();
        _cleanup_free_ char *entry = NULL;
        size_t n;

        if (!object)
                return -ENOMEM;
        if (event->when.time < 0 || event->when.time > TIME_MAX || event->job < 0 ||
            event->when.boottime_ms > INT64_MAX)
                return -ERANGE;
        for (size_t i = 0; i < N_ELEMENTS(members); i++) {
                bool absent;
                json_t *value = member_value(&members[i], event, seq, prev, &absent);

                if (!absent && json_object_set_new(object, members[i].name, value) < 0)
                        return -ENOMEM;
        }
        entry = json_text(object);
        if (!entry)
                return -ENOMEM;
        n = strlen(entry);
        if (n > AUDIT_ENTRY_MAX)
                return -EMSGSIZE;
        *ret_n_entry = n;
        *ret_entry = TAKE(entry);
        return 0;
}

static bool read_hash(const json_t *object, const char *name, uint8_t ret_hash[SHA256_LENGTH]) {
        const char *text;

        return json_get_string(object, name, &text) && hex_decode(text, ret_hash, SHA256_LENGTH);
}

static bool read_fault(const json_t *object, const char *name, FaultCode *ret_code) {
        const char *text;

        if (!json_get_string(object, name, &text))
                return false;
        *ret_code = fault_from_name(text);
        return *ret_code != FAULT_NONE;
}

static bool read_counters(const json_t *object, const char *name, AuditCounters *ret_counters) {
        const json_t *array = json_object_get(object, name);
        int64_t numbers[3];

        if (!json_is_array(array) || json_array_size(array) != N_ELEMENTS(numbers))
                return false;
        for (size_t i = 0; i < N_ELEMENTS(numbers); i++) {
                const json_t *number = json_array_get(array, i);

                if (!json_is_integer(number) || json_integer_value(number) < -1)
                        return false;
                numbers[i] = json_integer_value(number);
        }
        *ret_counters = (AuditCounters){ true, numbers[0], numbers[1], numbers[2] };
        return true;
}

static bool read_member(const struct Member *member, const json_t *object, AuditEvent *event,
                        int64_t *seq, uint8_t prev[SHA256_LENGTH]) {
        char *at = (char *)event + member->offset;
        const char *text;
        int64_t number;

        if (!json_object_get(object, member->name))
                return member->type != MEMBER_SEQ && member->type != MEMBER_PREV &&
                       member->type != MEMBER_TIME && member->type != MEMBER_KIND;
        switch (member->type) {
        case MEMBER_SEQ: return json_get_int(object, member->name, 1, INT64_MAX, seq);
        case MEMBER_PREV: return read_hash(object, member->name, prev);
        case MEMBER_TIME:
                return json_get_string(object, member->name, &text) &&
                       clock_parse(text, &event->when.time);
        case MEMBER_KIND:
                return json_get_string(object, member->name, &text) &&
                       audit_kind_from_name(text, &event->kind);
        case MEMBER_TEXT: return json_copy_string(object, member->name, at, member->size) && *at;
        case MEMBER_MILLISECONDS:
                if (!json_get_int(object, member->name, 1, INT64_MAX, &number))
                        return false;
                event->when.boottime_ms = (uint64_t)number;
                return true;
        case MEMBER_UID:
                if (!json_get_int(object, member->name, 0, UINT32_MAX, &number))
                        return false;
                event->uid = (uint32_t)number;
                event->by_user = true;
                return true;
        case MEMBER_IMAGE:
                event->has_image = true;
                return read_hash(object, member->name, event->image);
        case MEMBER_FAULT: return read_fault(object, member->name, &event->fault.code);
        case MEMBER_JOB: return json_get_int(object, member->name, 1, INT64_MAX, &event->job);
        case MEMBER_COUNTERS:
                return read_counters(object, member->name, (AuditCounters *)(void *)at);
        case MEMBER_ANEW:
                event->counted_anew = true;
                return json_is_true(json_object_get(object, member->name));
        }
        return false;
}

static const char *foreign_member(json_t *object) {
        const char *known[N_ELEMENTS(members) + 1] = {};

        for (size_t i = 0; i < N_ELEMENTS(members); i++)
                known[i] = members[i].name;
        return json_unknown_member(object, known);
}

bool audit_event_decode(const void *entry, size_t n_entry, AuditEvent *ret_event, int64_t *ret_seq,
                        uint8_t ret_prev[SHA256_LENGTH], const char **ret_field) {
        _cleanup_json_ json_t *object = NULL;
        uint8_t prev[SHA256_LENGTH];
        AuditEvent event = {};
        int64_t seq = 0;

        *ret_field = "object";
        if (n_entry > AUDIT_ENTRY_MAX || json_parse(entry, n_entry, &object, NULL, 0) < 0 ||
            !json_is_object(object))
                return false;
        if (foreign_member(object)) {
                *ret_field = "unknown";
                return false;
        }
        for (size_t i = 0; i < N_ELEMENTS(members); i++)
                if (!read_member(&members[i], object, &event, &seq, prev)) {
                        *ret_field = members[i].name;
                        return false;
                }
        *ret_field = NULL;
        *ret_event = event;
        *ret_seq = seq;
        memcpy(ret_prev, prev, sizeof(prev));
        return true;
}
