/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/preflight.h"

#include <string.h>
#include <time.h>

#include "drive/command.h"
#include "drive/event.h"
#include "flash/host.h"

/* Below this a battery may not last through a commit that nobody may interrupt. */
#define BATTERY_MIN_PERCENT 50

/* A tray that was just closed settles within seconds. */
#define READY_TRIES    20
#define READY_PAUSE_MS 500

typedef struct Check {
        const Entry *entry;
        const Settings *settings;
        const Claim *claim;
} Check;

static int check_transport(const Check *c, Fault *fault) {
        Attachment attachment = c->claim->record.attachment;

        if (c->entry->recipe.transports & (1u << attachment))
                return 0;
        return fault_set(fault, FAULT_TRANSPORT_NOT_ALLOWED,
                         "drive is attached by %s, where this way of flashing was not seen to work",
                         attachment_name(attachment));
}

static int check_pieces(const Check *c, Fault *fault) {
        uint32_t max = transport_transfer_max(c->claim->transport);

        if (c->entry->recipe.piece <= max)
                return 0;
        return fault_set(fault, FAULT_DRIVE_TRANSPORT,
                         "the adapter carries %u bytes at a time, the recipe sends %u", max,
                         c->entry->recipe.piece);
}

static int check_power(const Check *c, Fault *fault) {
        Power power;
        int r;

        /* An emulated drive loses nothing by a power cut. */
        if (c->claim->record.attachment == ATTACHED_EMULATED)
                return 0;
        r = host_power(c->settings->supplies, &power);
        if (r < 0)
                return fault_set(fault, FAULT_INTERNAL,
                                 "cannot read how the machine is powered: %s", strerror(-r));
        if (!power.on_battery || power.percent >= BATTERY_MIN_PERCENT)
                return 0;
        if (power.percent < 0)
                return fault_set(fault, FAULT_ON_BATTERY,
                                 "the machine runs on battery, and does not say how full it is");
        return fault_set(fault, FAULT_ON_BATTERY,
                         "the machine runs on battery, which is at %d %%, wanted at least %d %%",
                         power.percent, BATTERY_MIN_PERCENT);
}

static int check_tray(const Check *c, Fault *fault) {
        uint8_t bytes[EVENT_LENGTH];
        MediaStatus status;
        Fault own = {};
        size_t n;

        /* Old drives do not know the question; what they have in then shows by TEST UNIT READY. */
        if (command_get_event_status(c->claim->transport, EVENT_CLASS_MEDIA, bytes, sizeof(bytes),
                                     &n, NULL, &own) < 0 ||
            !event_decode_media(bytes, n, &status))
                return 0;
        if (status.tray_open)
                return fault_set(fault, FAULT_TRAY_OPEN, "the tray is open");
        if (status.disc_present && c->entry->recipe.disc_out)
                return fault_set(fault, FAULT_DISC_PRESENT, "a disc is in");
        return 0;
}

static int refuse_sense(const Sense *sense, Fault *fault) {
        const char *advice = sense_advice(sense);
        char text[SENSE_TEXT_SIZE];

        sense_text(sense, text, sizeof(text));
        return fault_set(fault, sense_fault(sense), "drive says %s%s%s", text, advice ? "; " : "",
                         advice ? advice : "");
}

/* 1: ask again; 0: fit; negative: refused. */
static int judge_ready(const Sense *sense, bool disc_out, Fault *fault) {
        if (!sense->present)
                return disc_out ? fault_set(fault, FAULT_DISC_PRESENT, "a disc is in") : 0;
        /* 3A/02, MMC-6 annex F: no disc, tray open. */
        if (sense_is(sense, KEY_NOT_READY, 0x3a, 0x02))
                return refuse_sense(sense, fault);
        if (sense_is_no_medium(sense))
                return 0;
        if (sense->key == KEY_UNIT_ATTENTION || sense->deferred)
                return 1;
        switch (sense_class(sense, STAGE_LOOK)) {
        case SENSE_WAIT: return 1;
        case SENSE_NORMAL:
                return disc_out && sense_fault(sense) == FAULT_DISC_PRESENT
                               ? refuse_sense(sense, fault)
                               : 0;
        default: return refuse_sense(sense, fault);
        }
}

static int check_drive(const Check *c, Fault *fault) {
        const struct timespec pause = { .tv_nsec = READY_PAUSE_MS * 1000000L };
        Reply reply;
        int r = 1;

        for (unsigned i = 0; i < READY_TRIES && r > 0; i++) {
                if (i > 0 && reply.sense.key != KEY_UNIT_ATTENTION)
                        (void)nanosleep(&pause, NULL);
                r = command_test_unit_ready(c->claim->transport, &reply, fault);
                if (r == 0)
                        r = judge_ready(&reply.sense, c->entry->recipe.disc_out, fault);
        }
        return r > 0 ? refuse_sense(&reply.sense, fault) : r;
}

static int (*const checks[])(const Check *check, Fault *fault) = {
        check_transport, check_pieces, check_power, check_tray, check_drive,
};

int preflight(const Entry *entry, const Settings *settings, const Claim *claim, Fault *fault) {
        const Check check = { .entry = entry, .settings = settings, .claim = claim };
        int r;

        for (size_t i = 0; i < N_ELEMENTS(checks); i++) {
                r = checks[i](&check, fault);
                if (r < 0)
                        return r;
        }
        return 0;
}
