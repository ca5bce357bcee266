/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/catalog/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/text.h"
#include "catalog/layout.h"
#include "cli/catalog/describe-read.h"
#include "cli/catalog/work.h"

Description *description_free(Description *description) {
        if (!description)
                return NULL;

        for (unsigned i = 0; i < description->n_images; i++) {
                free(description->images[i].path);
                free(description->images[i].bytes);
                json_decref(description->images[i].target);
        }
        free(description);
        return NULL;
}

/* One section as it is worked on. */
typedef struct Making {
        const DescribeOptions *options;
        const char *folder;
        unsigned n_sections;
        json_t *entry;       /* borrowed */
        const json_t *extra; /* borrowed */
        uint8_t model[ENTRY_MODEL_LENGTH], after[ENTRY_MODEL_LENGTH];
        const ImageLayout *layout; /* NULL: nothing is known of the family's images */
        uint8_t *image;            /* owned; NULL: not at hand */
        size_t n_image;
        uint64_t length;
        char sha256[2 * SHA256_LENGTH + 1];
        DescribedImage *result;
        Fault *fault;
} Making;

static const char *extra_text(const Making *making, const char *key) {
        return json_string_value(json_object_get(making->extra, key));
}

/* Vendor and product, padded with blanks as drives have them. */
static int make_model(const Making *making, const char *vendor, const char *product,
                      uint8_t ret_model[ENTRY_MODEL_LENGTH]) {
        if (!vendor || !product || !*product)
                return fault_set(making->fault, FAULT_BAD_REQUEST,
                                 "vendor and product must both be given; a blank vendor is "
                                 "vendor = \"\"");
        if (strlen(vendor) > 8 || strlen(product) > 16 || !text_is_plain(vendor) ||
            !text_is_plain(product))
                return fault_set(making->fault, FAULT_BAD_REQUEST,
                                 "vendor \"%s\" and product \"%s\" are not at most 8 and 16 "
                                 "characters of ASCII",
                                 vendor, product);

        memset(ret_model, ' ', ENTRY_MODEL_LENGTH);
        memcpy(ret_model, vendor, strlen(vendor));
        memcpy(ret_model + 8, product, strlen(product));
        return 0;
}

static int set_hex(json_t *object, const char *member, const uint8_t *bytes, size_t n_bytes) {
        _cleanup_free_ char *hex = malloc(2 * n_bytes + 1);

        if (!hex)
                return -ENOMEM;
        hex_encode(bytes, n_bytes, hex);
        return json_object_set_new(object, member, json_string(hex)) < 0 ? -ENOMEM : 0;
}

static int make_models(Making *making) {
        const char *vendor = extra_text(making, "vendor-after");
        const char *product = extra_text(making, "product-after");
        json_t *after;
        int r;

        r = make_model(making, extra_text(making, "vendor"), extra_text(making, "product"),
                       making->model);
        if (r < 0)
                return r;
        r = set_hex(making->entry, "model", making->model, ENTRY_MODEL_LENGTH);
        if (r < 0)
                return r;

        memcpy(making->after, making->model, ENTRY_MODEL_LENGTH);
        if (!vendor && !product)
                return 0;

        r = make_model(making, vendor, product, making->after);
        if (r < 0)
                return fault_prefix(making->fault, "after the flash");
        after = json_object_get(making->entry, "after");
        if (!after && json_object_set_new(making->entry, "after", json_object()) < 0)
                return -ENOMEM;
        return set_hex(json_object_get(making->entry, "after"), "model", making->after,
                       ENTRY_MODEL_LENGTH);
}

/* Where the image's bytes are: what the command line says, or what the description says. */
static int find_file(const Making *making, char **ret_path) {
        const DescribeOptions *options = making->options;
        const char *file = extra_text(making, "file");

        *ret_path = NULL;
        for (unsigned i = 0; i < options->n_images; i++) {
                const char *image = options->images[i];
                size_t n = strcspn(image, "=");

                if (image[n] == '=' && n == strcspn(making->result->version, " ") &&
                    strncmp(image, making->result->version, n) == 0)
                        *ret_path = strdup(image + n + 1);
                else if (image[n] == '\0' && making->n_sections == 1)
                        *ret_path = strdup(image);
                else
                        continue;
                return *ret_path ? 0 : -ENOMEM;
        }

        if (!file)
                return 0;
        if (*file == '/')
                *ret_path = strdup(file);
        else if (asprintf(ret_path, "%s/%s", making->folder, file) < 0)
                *ret_path = NULL;
        return *ret_path ? 0 : -ENOMEM;
}

/* Length and hash that the description states must be those of the file. */
static int check_stated(const Making *making) {
        const json_t *length = json_object_get(making->extra, "length");
        const char *hash = extra_text(making, "sha256");

        if (length && (uint64_t)json_integer_value(length) != making->length)
                return fault_set(making->fault, FAULT_IMAGE_MISMATCH,
                                 "image is %" PRIu64 " bytes long, the description says %lld",
                                 making->length, (long long)json_integer_value(length));
        if (hash && strcmp(hash, making->sha256) != 0)
                return fault_set(making->fault, FAULT_IMAGE_MISMATCH,
                                 "image has the SHA-256 %s, the description says %s",
                                 making->sha256, hash);
        return 0;
}

static int read_image(Making *making, const char *path) {
        uint8_t digest[SHA256_LENGTH];
        int r;

        r = file_read(AT_FDCWD, path, IMAGE_LENGTH_MAX, &making->image, &making->n_image);
        if (r < 0)
                return cannot(making->fault, "read", path, r);
        r = sha256(making->image, making->n_image, digest);
        if (r < 0)
                return r;

        making->length = making->n_image;
        hex_encode(digest, sizeof(digest), making->sha256);
        r = check_stated(making);
        if (r == 0 && making->layout)
                r = layout_check(making->layout, making->after, making->result->version,
                                 making->image, making->n_image, making->fault);
        if (r == -EBADE)
                return fault_prefix(making->fault, "%s", path);
        return r;
}

/* Without the bytes, the description's word is all there is. */
static int take_stated(Making *making) {
        const json_t *length = json_object_get(making->extra, "length");
        const char *hash = extra_text(making, "sha256");
        uint8_t digest[SHA256_LENGTH];

        if (!length || !hash)
                return fault_set(making->fault, FAULT_BAD_REQUEST,
                                 "it has no file; an image that is not at hand needs length and "
                                 "sha256");
        if (!hex_decode(hash, digest, sizeof(digest)))
                return fault_set(making->fault, FAULT_BAD_REQUEST,
                                 "sha256 is not 64 hexadecimal digits");

        making->length = (uint64_t)json_integer_value(length);
        hex_encode(digest, sizeof(digest), making->sha256);
        if (making->layout && making->length != making->layout->length)
                return fault_set(making->fault, FAULT_IMAGE_MISMATCH,
                                 "its length is %" PRIu64 ", images for this drive are %u",
                                 making->length, making->layout->length);
        return 0;
}

static int add_check(json_t *checks, uint32_t offset, const void *bytes, size_t n_bytes) {
        json_t *check = json_pack("{s:I}", "offset", (json_int_t)offset);
        int r;

        if (!check)
                return -ENOMEM;
        r = set_hex(check, "bytes", bytes, n_bytes);
        if (r < 0) {
                json_decref(check);
                return r;
        }
        return json_array_append_new(checks, check) < 0 ? -ENOMEM : 0;
}

/* What the family's images are known to say of themselves goes into the entry: the flash helper
 * looks there again. */
static int add_checks(const Making *making) {
        const ImageLayout *layout = making->layout;
        json_t *image, *checks;
        int r;

        if (!layout)
                return 0;
        if (!json_object_get(making->entry, "image") &&
            json_object_set_new(making->entry, "image", json_object()) < 0)
                return -ENOMEM;
        image = json_object_get(making->entry, "image");
        if (!json_object_get(image, "checks") &&
            json_object_set_new(image, "checks", json_array()) < 0)
                return -ENOMEM;
        checks = json_object_get(image, "checks");

        r = add_check(checks, layout->identity_offset,
                      making->image ? making->image + layout->identity_offset : making->after,
                      ENTRY_MODEL_LENGTH);
        if (r == 0 && layout->revision_offset != LAYOUT_NONE)
                r = add_check(checks, layout->revision_offset, making->result->version, 4);
        return r;
}

/* "drive/HEX24/NAME"; without a name the version is one, as far as a path can hold it. */
static int make_path(const Making *making) {
        const char *name = extra_text(making, "name");
        char prefix[ENTRY_PREFIX_SIZE], version[ENTRY_REVISION_SIZE];

        memcpy(version, making->result->version, sizeof(version));
        for (char *p = version; *p; p++)
                if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-",
                            *p) ||
                    (p == version && *p == '.'))
                        *p = '_';

        entry_prefix(making->model, prefix);
        if (asprintf(&making->result->path, "%s%s%s", prefix, name ? name : version,
                     name ? "" : ".bin") < 0) {
                making->result->path = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* Through the parser that clients have, so that nothing is signed that they would refuse. */
static int check_entry(const Making *making) {
        _cleanup_(entry_freep) Entry *entry = NULL;
        _cleanup_free_ char *text = json_text(making->entry);
        uint8_t digest[SHA256_LENGTH];
        int r;

        if (!text)
                return -ENOMEM;
        if (!hex_decode(making->sha256, digest, sizeof(digest)))
                return -EINVAL;
        r = entry_parse(making->result->path, making->length, digest, text, strlen(text), &entry,
                        making->fault);
        if (r < 0 || !making->image)
                return r;
        return entry_check_image(entry, making->image, making->n_image, making->fault);
}

static int make_target(Making *making) {
        const json_t *publish = json_object_get(making->extra, "publish");
        DescribedImage *result = making->result;

        result->target =
                json_pack("{s:I, s:{s:s}, s:{s:O}}", "length", (json_int_t)making->length, "hashes",
                          "sha256", making->sha256, "custom", "discfw", making->entry);
        if (!result->target)
                return -ENOMEM;

        memcpy(result->sha256, making->sha256, sizeof(result->sha256));
        result->is_checked = making->image && making->layout;
        result->is_withheld = json_is_false(publish);
        if (making->image && !result->is_withheld) {
                result->n_bytes = making->n_image;
                result->bytes = TAKE(making->image);
        }
        return 0;
}

static int make_image(Making *making, json_t *section) {
        _cleanup_free_ char *file = NULL;
        const char *family, *version = json_string_value(json_object_get(section, "version"));
        int r;

        making->entry = json_object_get(section, "entry");
        making->extra = json_object_get(section, "extra");
        memcpy(making->result->version, version, ENTRY_REVISION_SIZE);
        family = json_string_value(json_object_get(making->entry, "family"));
        if (json_object_set_new(making->entry, "version", json_string(version)) < 0)
                return -ENOMEM;

        r = make_models(making);
        if (r < 0)
                return r;
        making->layout = family ? layout_find(family, making->after) : NULL;

        r = find_file(making, &file);
        if (r == 0)
                r = file ? read_image(making, file) : take_stated(making);
        if (r == 0)
                r = add_checks(making);
        if (r == 0)
                r = make_path(making);
        if (r == 0)
                r = check_entry(making);
        if (r == 0)
                r = make_target(making);
        return r;
}

static int make_images(const json_t *sections, const char *folder, const DescribeOptions *options,
                       Description *description, Fault *fault) {
        json_t *section;
        size_t i;

        if (json_array_size(sections) == 0)
                return fault_set(fault, FAULT_BAD_REQUEST, "it has no [image VERSION]");
        if (json_array_size(sections) > DESCRIPTION_IMAGES_MAX)
                return fault_set(fault, FAULT_BAD_REQUEST, "it has more than %d images",
                                 DESCRIPTION_IMAGES_MAX);

        json_array_foreach(sections, i, section) {
                Making making = { .options = options,
                                  .folder = folder,
                                  .n_sections = (unsigned)json_array_size(sections),
                                  .result = &description->images[i],
                                  .fault = fault };
                int r;

                description->n_images++;
                r = make_image(&making, section);
                free(making.image);
                if (r == -EBADE)
                        return fault_prefix(fault, "[image %s]", making.result->version);
                if (r < 0)
                        return r;
        }

        return 0;
}

int describe(const char *path, const DescribeOptions *options, Description **ret_description,
             Fault *fault) {
        _cleanup_(description_freep) Description *description = NULL;
        _cleanup_json_ json_t *read = NULL;
        _cleanup_free_ uint8_t *text = NULL;
        _cleanup_free_ char *folder = NULL;
        const char *slash = strrchr(path, '/');
        size_t n_text;
        int r;

        r = file_read(AT_FDCWD, path, DESCRIPTION_MAX, &text, &n_text);
        if (r < 0)
                return cannot(fault, "read", path, r);
        if (strlen((const char *)text) != n_text)
                return fault_set(fault, FAULT_BAD_REQUEST, "%s is no text", path);

        folder = options->folder ? strdup(options->folder)
                 : slash         ? strndup(path, (size_t)(slash - path))
                                 : strdup(".");
        description = calloc(1, sizeof(*description));
        if (!folder || !description)
                return -ENOMEM;

        r = describe_read(path, (const char *)text, &read, fault);
        if (r < 0)
                return r;
        r = make_images(json_object_get(read, "images"), folder, options, description, fault);
        if (r == -EBADE)
                return fault_prefix(fault, "%s", path);
        if (r < 0)
                return r;

        *ret_description = TAKE(description);
        return 0;
}
