/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flash/family.h"

#include <assert.h>
#include <string.h>

#include "base/text.h"
#include "catalog/layout.h"

static const Family *const families[] = { &family_btc, &family_plextor };

const Family *family_nth(unsigned i) {
        return i < N_ELEMENTS(families) ? families[i] : NULL;
}

static const Family *find_family(const char *name) {
        for (size_t i = 0; i < N_ELEMENTS(families); i++)
                if (strcmp(families[i]->name, name) == 0)
                        return families[i];
        return NULL;
}

int course_plan(const Entry *entry, const uint8_t *image, size_t n_image, Course *ret_course,
                Fault *fault) {
        const Family *family = find_family(entry->family);
        const ImageLayout *layout;
        Course course = {};
        char model[TEXT_MODEL_SIZE];
        int r;

        if (!family)
                return fault_set(fault, FAULT_UNKNOWN_FAMILY,
                                 "entry is for the protocol \"%s\", which this program does not "
                                 "speak",
                                 entry->family);
        /* The image says who the drive will be, which the entry may declare to be another name. */
        layout = layout_find(family->name, entry->model_after);
        if (!layout) {
                text_from_model(entry->model_after, model);
                return fault_set(fault, FAULT_UNKNOWN_FAMILY,
                                 "nothing is known of %s images for \"%s\"", family->name, model);
        }
        r = entry_check_image(entry, image, n_image, fault);
        if (r < 0)
                return r;
        r = layout_check(layout, entry->model_after, entry->version, image, n_image, fault);
        if (r < 0)
                return r;
        assert(entry->recipe.piece > 0);

        course.family = family;
        course.image = image;
        course.n_image = (uint32_t)n_image;
        course.piece = entry->recipe.piece;
        course.n_pieces = family->begin(&course);
        assert(course.n_pieces > 0);
        *ret_course = course;
        return 0;
}

void course_piece(const Course *course, uint32_t i, Piece *ret_piece) {
        assert(i < course->n_pieces);
        *ret_piece = (Piece){};
        course->family->piece(course, i, ret_piece);
}
