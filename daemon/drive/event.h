/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The answer to GET EVENT STATUS NOTIFICATION (MMC-6 6.7): tray and disc without spinning up. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Classes to ask for, one bit each; also what event_decode() can be told to expect. */
#define EVENT_CLASS_MEDIA 0x10

#define EVENT_LENGTH 8

typedef enum MediaEvent {
        MEDIA_NO_CHANGE = 0,
        MEDIA_EJECT_REQUEST = 1, /* somebody pressed the button */
        MEDIA_NEW = 2,
        MEDIA_REMOVAL = 3,
        MEDIA_CHANGED = 4,
} MediaEvent;

typedef struct MediaStatus {
        uint8_t event; /* MediaEvent; other values are reserved and to be ignored */
        bool tray_open;
        bool disc_present;
} MediaStatus;

/* False if the drive has no media events, answers for another class, or says too little. */
bool event_decode_media(const void *bytes, size_t n_bytes, MediaStatus *ret_status);
