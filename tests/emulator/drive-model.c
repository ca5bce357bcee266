/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/emulator/drive-model.h"

#include <errno.h>
#include <glob.h>
#include <ini.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "tests/emulator/image.h"
#include "tests/emulator/quoted.h"

static bool parse_number(const char *text, unsigned long max, unsigned long *ret_number) {
        unsigned long number;
        char *end;

        errno = 0;
        number = strtoul(text, &end, 0);
        if (errno || end == text || *end || text[0] == '-' || number > max)
                return false;
        *ret_number = number;
        return true;
}

#define DEFINE_NUMBER(type, max)                                                                   \
        static bool parse_##type(const char *text, type *ret) {                                    \
                unsigned long number;                                                              \
                                                                                                   \
                if (!parse_number(text, max, &number))                                             \
                        return false;                                                              \
                *ret = (type)number;                                                               \
                return true;                                                                       \
        }

DEFINE_NUMBER(uint8_t, UINT8_MAX)
DEFINE_NUMBER(uint16_t, UINT16_MAX)
DEFINE_NUMBER(uint32_t, UINT32_MAX)
DEFINE_NUMBER(int, INT_MAX)

static bool parse_choice(const char *text, const char *no, const char *yes, bool *ret) {
        if (strcmp(text, no) != 0 && strcmp(text, yes) != 0)
                return false;
        *ret = strcmp(text, yes) == 0;
        return true;
}

static bool parse_seconds(const char *text, uint32_t *ret_ms) {
        uint32_t seconds;

        if (!parse_uint32_t(text, &seconds) || seconds > 3600)
                return false;
        *ret_ms = seconds * 1000;
        return true;
}

/* Hexadecimal codes between blanks: "0010 001E". */
static bool parse_codes(const char *text, uint16_t *codes, uint32_t *n_codes) {
        unsigned code;
        int n;

        for (*n_codes = 0; sscanf(text, " %4x%n", &code, &n) == 1; text += n) {
                if (*n_codes == MODEL_PROFILES_MAX)
                        return false;
                codes[(*n_codes)++] = (uint16_t)code;
        }
        return text[strspn(text, " ")] == '\0';
}

/* A serial is padded with blanks to what a feature may hold. */
static bool parse_serial(const char *text, DriveModel *model) {
        size_t n;

        if (!quoted_parse(text, '\0', model->serial, sizeof(model->serial)))
                return false;
        n = (strnlen(model->serial, sizeof(model->serial)) + 3) / 4 * 4;
        for (size_t i = 0; i < n; i++)
                if (model->serial[i] == '\0')
                        model->serial[i] = ' ';
        model->n_serial = (uint8_t)n;
        model->has_serial = true;
        return true;
}

static bool parse_read_buffer(const char *text, DriveModel *model) {
        unsigned boundary, capacity;
        int n = 0;

        if (sscanf(text, "%u %u%n", &boundary, &capacity, &n) != 2 || text[n] != '\0' ||
            boundary > 255 || capacity > 0xffffff)
                return false;
        model->buffer_boundary = (uint8_t)boundary;
        model->buffer_capacity = capacity;
        model->has_read_buffer = true;
        return true;
}

static bool set_drive(DriveModel *model, const char *key, const char *value) {
        if (strcmp(key, "vendor") == 0)
                return quoted_parse(value, ' ', model->firmware.identity, 8);
        if (strcmp(key, "product") == 0)
                return quoted_parse(value, ' ', model->firmware.identity + 8, 16);
        if (strcmp(key, "revision") == 0)
                return quoted_parse(value, ' ', model->firmware.revision, REVISION_LENGTH);
        if (strcmp(key, "vendor-specific") == 0)
                return quoted_parse(value, ' ', model->vendor_specific,
                                    sizeof(model->vendor_specific));
        if (strcmp(key, "inquiry-length") == 0)
                return parse_uint8_t(value, &model->inquiry_length) &&
                       model->inquiry_length >= 36 && model->inquiry_length <= 96;
        if (strcmp(key, "inquiry-format") == 0)
                return parse_uint8_t(value, &model->inquiry_format);
        if (strcmp(key, "evpd") == 0)
                return parse_choice(value, "refuse", "ignore", &model->evpd_ignored);
        if (strcmp(key, "serial") == 0)
                return parse_serial(value, model);
        if (strcmp(key, "firmware-date") == 0) {
                model->has_firmware_date = true;
                return quoted_parse(value, ' ', model->firmware_date, sizeof(model->firmware_date));
        }
        if (strcmp(key, "interface") == 0)
                return parse_uint32_t(value, &model->interface);
        if (strcmp(key, "profiles") == 0)
                return parse_codes(value, model->profiles, &model->n_profiles);
        if (strcmp(key, "features") == 0)
                return parse_codes(value, model->features, &model->n_features);
        if (strcmp(key, "microcode-upgrade") == 0)
                return parse_int(value, &model->microcode_upgrade) && model->microcode_upgrade < 2;
        if (strcmp(key, "css") == 0)
                return parse_int(value, &model->css);
        if (strcmp(key, "cprm") == 0)
                return parse_int(value, &model->cprm);
        if (strcmp(key, "aacs") == 0)
                return parse_int(value, &model->aacs);
        if (strcmp(key, "write-buffer") == 0)
                return sense_parse(value, &model->write_buffer);
        if (strcmp(key, "read-buffer") == 0)
                return parse_read_buffer(value, model);
        if (strcmp(key, "spin-up") == 0)
                return parse_seconds(value, &model->spin_up_ms);
        return false;
}

static bool set_capabilities(DriveModel *model, const char *key, const char *value) {
        model->has_capabilities = true;
        if (strcmp(key, "reads") == 0)
                return parse_uint8_t(value, &model->reads);
        if (strcmp(key, "writes") == 0)
                return parse_uint8_t(value, &model->writes);
        if (strcmp(key, "buffer") == 0)
                return parse_uint16_t(value, &model->buffer_kb);
        if (strcmp(key, "read-speed") == 0)
                return parse_uint16_t(value, &model->read_speed);
        if (strcmp(key, "write-speed") == 0)
                return parse_uint16_t(value, &model->write_speed);
        return false;
}

static bool set_region(DriveModel *model, const char *key, const char *value) {
        model->has_region = true;
        if (strcmp(key, "state") == 0)
                return parse_uint8_t(value, &model->region_state) && model->region_state < 4;
        if (strcmp(key, "vendor-resets") == 0)
                return parse_uint8_t(value, &model->vendor_resets) && model->vendor_resets < 8;
        if (strcmp(key, "user-changes") == 0)
                return parse_uint8_t(value, &model->user_changes) && model->user_changes < 8;
        if (strcmp(key, "mask") == 0)
                return parse_uint8_t(value, &model->region_mask);
        if (strcmp(key, "scheme") == 0)
                return parse_uint8_t(value, &model->region_scheme);
        return false;
}

static bool set_media(DriveModel *model, const char *key, const char *value) {
        uint32_t n;

        if (strcmp(key, "tray") == 0)
                return parse_choice(value, "closed", "open", &model->tray_open);
        if (strcmp(key, "disc") == 0)
                return disc_kind_parse(value, &model->disc);
        if (strcmp(key, "image") == 0)
                return (size_t)snprintf(model->disc_image, sizeof(model->disc_image), "%s", value) <
                       sizeof(model->disc_image);
        if (strcmp(key, "profile") == 0) {
                uint16_t codes[MODEL_PROFILES_MAX];

                if (!parse_codes(value, codes, &n) || n != 1)
                        return false;
                model->disc_profile = codes[0];
                return true;
        }
        return false;
}

static bool add_product(FamilyModel *family, const char *value) {
        return family->n_runs_product < MODEL_NAMES_MAX &&
               quoted_parse(value, ' ', family->runs_product[family->n_runs_product++],
                            IDENTITY_LENGTH);
}

static bool add_patterns(FamilyModel *family, const char *value) {
        int n;

        for (; family->n_runs_revisions < MODEL_PATTERN_MAX &&
               sscanf(value, " %4s%n", family->runs_revisions[family->n_runs_revisions], &n) == 1;
             value += n)
                family->n_runs_revisions++;
        return value[strspn(value, " ")] == '\0';
}

static bool set_family(FamilyModel *family, const char *key, const char *value) {
        if (strcmp(key, "name") == 0) {
                family->name = strcmp(value, "btc") == 0       ? FAMILY_BTC
                               : strcmp(value, "plextor") == 0 ? FAMILY_PLEXTOR
                                                               : FAMILY_NONE;
                return family->name != FAMILY_NONE;
        }
        if (strcmp(key, "size") == 0)
                return parse_uint32_t(value, &family->size) && family->size <= IMAGE_LENGTH_MAX;
        if (strcmp(key, "burn") == 0)
                return parse_seconds(value, &family->burn_ms);
        if (strcmp(key, "restart") == 0)
                return parse_seconds(value, &family->restart_ms);
        if (strcmp(key, "hardware") == 0)
                return quoted_parse(value, ' ', family->hardware, HARDWARE_LENGTH);
        if (strcmp(key, "runs-product") == 0)
                return add_product(family, value);
        if (strcmp(key, "runs-revisions") == 0)
                return add_patterns(family, value);
        if (strcmp(key, "sum-offset") == 0)
                return parse_uint32_t(value, &family->sum_offset);
        if (strcmp(key, "sum-start") == 0)
                return parse_uint16_t(value, &family->sum_start);
        if (strcmp(key, "eeprom") == 0)
                return parse_uint32_t(value, &family->n_eeprom) && family->n_eeprom <= 1024 &&
                       family->n_eeprom % 256 == 0;
        if (strcmp(key, "tla") == 0)
                return strlen(value) == 4 && strcpy(family->tla, value);
        if (strcmp(key, "tla-gate") == 0)
                return sscanf(value, "%4s %4s", family->tla_gate, family->tla_gate_revision) == 2;
        return false;
}

static bool set_attachment(DriveModel *model, const char *key, const char *value) {
        char *place = strcmp(key, "bus") == 0 ? model->bus : model->path;
        size_t size = place == model->bus ? sizeof(model->bus) : sizeof(model->path);

        if (strcmp(key, "bus") != 0 && strcmp(key, "path") != 0)
                return false;
        return (size_t)snprintf(place, size, "%s", value) < size;
}

typedef struct Reading {
        DriveModel *model;
        char wrong[200];
} Reading;

static int on_line(void *user, const char *section, const char *key, const char *value) {
        Reading *reading = user;
        DriveModel *model = reading->model;
        bool fine;

        if (strcmp(section, "drive") == 0)
                fine = set_drive(model, key, value);
        else if (strcmp(section, "capabilities") == 0)
                fine = set_capabilities(model, key, value);
        else if (strcmp(section, "region") == 0)
                fine = set_region(model, key, value);
        else if (strcmp(section, "media") == 0)
                fine = set_media(model, key, value);
        else if (strcmp(section, "family") == 0)
                fine = set_family(&model->family, key, value);
        else if (strcmp(section, "attachment") == 0)
                fine = set_attachment(model, key, value);
        else
                fine = false;
        if (!fine && !reading->wrong[0])
                (void)snprintf(reading->wrong, sizeof(reading->wrong), "[%.20s] %.40s = %.80s",
                               section, key, value);
        return fine;
}

/* What one line cannot know. */
static const char *complaint(const DriveModel *model) {
        const FamilyModel *family = &model->family;

        if (model->firmware.identity[8] == '\0' || model->firmware.revision[0] == '\0')
                return "product and revision are needed";
        if (family->name != FAMILY_NONE && family->size < IMAGE_SIZE_MIN)
                return "a family needs the size of its images, 64 KiB at least";
        if (family->name == FAMILY_PLEXTOR && family->sum_offset + 2 > family->size)
                return "the sum lies outside the image";
        return NULL;
}

static bool name_of(const char *file, char ret_name[MODEL_NAME_MAX]) {
        const char *base = strrchr(file, '/') ? strrchr(file, '/') + 1 : file;
        const char *dot = strrchr(base, '.');
        size_t n = dot ? (size_t)(dot - base) : 0;

        if (n == 0 || n >= MODEL_NAME_MAX || strcmp(dot, ".drive") != 0 ||
            strspn(base, "abcdefghijklmnopqrstuvwxyz0123456789-") < n)
                return false;
        memcpy(ret_name, base, n);
        ret_name[n] = '\0';
        return true;
}

int model_read(const char *file, DriveModel *ret_model, Fault *fault) {
        DriveModel model = {
                .inquiry_length = 96,
                .inquiry_format = 0x21,
                .interface = 2,
                .microcode_upgrade = -1,
                .css = -1,
                .cprm = -1,
                .aacs = -1,
                .write_buffer = { 5, 0x20, 0x00 },
                .spin_up_ms = 3000,
                .bus = "pata",
        };
        Reading reading = { .model = &model };
        const char *wrong;
        int r;

        if (!name_of(file, model.name))
                return fault_set(fault, FAULT_BAD_CONFIG,
                                 "%s: a model's name is NAME.drive, in a-z, 0-9 and -", file);
        memset(model.firmware.identity, ' ', 8);
        memset(model.vendor_specific, ' ', sizeof(model.vendor_specific));
        r = ini_parse(file, on_line, &reading);
        if (r < 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: cannot be read", file);
        if (r > 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s:%d: %s", file, r,
                                 reading.wrong[0] ? reading.wrong : "no ini line");
        wrong = complaint(&model);
        if (wrong)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: %s", file, wrong);
        *ret_model = model;
        return 0;
}

int models_read(const char *folder, DriveModel **ret_models, size_t *ret_n_models, Fault *fault) {
        _cleanup_free_ DriveModel *models = NULL;
        _cleanup_(globfree) glob_t found = {};
        char pattern[PATH_MAX];
        int r;

        (void)snprintf(pattern, sizeof(pattern), "%s/*.drive", folder);
        if (glob(pattern, 0, NULL, &found) != 0)
                return fault_set(fault, FAULT_BAD_CONFIG, "%s: no NAME.drive in it", folder);
        models = calloc(found.gl_pathc, sizeof(*models));
        if (!models)
                return -ENOMEM;
        for (size_t i = 0; i < found.gl_pathc; i++) {
                r = model_read(found.gl_pathv[i], &models[i], fault);
                if (r < 0)
                        return r;
        }
        *ret_n_models = found.gl_pathc;
        *ret_models = TAKE(models);
        return 0;
}
