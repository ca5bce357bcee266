/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "cli/reply.h"

DEFINE_CLEANUP(struct libscols_table *, scols_unref_table)

static const Column *column_named(const Column *columns, const char *name, size_t n) {
        for (; columns->name; columns++)
                if (strlen(columns->name) == n && strncasecmp(columns->name, name, n) == 0)
                        return columns;
        return NULL;
}

static int no_such_column(const Column *columns, const char *name, size_t n, Fault *fault) {
        char all[256] = "";

        for (; columns->name; columns++) {
                size_t used = strlen(all);

                text_format(all + used, sizeof(all) - used, "%s%s", used ? "," : "", columns->name);
        }
        return fault_set(fault, FAULT_BAD_REQUEST, "no column \"%.*s\"; there are %s",
                         (int)(n < 64 ? n : 64), name, all);
}

int columns_choose(const Column *columns, const char *choice,
                   const Column *ret_chosen[COLUMNS_MAX + 1], Fault *fault) {
        size_t n_chosen = 0;

        if (!choice || choice[0] == '+')
                for (const Column *c = columns; c->name && n_chosen < COLUMNS_MAX; c++)
                        if (c->usual)
                                ret_chosen[n_chosen++] = c;
        if (choice && choice[0] == '+')
                choice++;

        while (choice) {
                size_t n = strcspn(choice, ",");
                const Column *column = column_named(columns, choice, n);

                if (!column)
                        return no_such_column(columns, choice, n, fault);
                if (n_chosen == COLUMNS_MAX)
                        return fault_set(fault, FAULT_BAD_REQUEST, "more than %d columns",
                                         COLUMNS_MAX);
                ret_chosen[n_chosen++] = column;
                choice = choice[n] ? choice + n + 1 : NULL;
        }
        ret_chosen[n_chosen] = NULL;
        return 0;
}

static int add_row(struct libscols_table *table, const Screen *screen, const Column *const *chosen,
                   const json_t *object) {
        struct libscols_line *line = scols_table_new_line(table, NULL);

        if (!line)
                return -ENOMEM;
        for (size_t i = 0; chosen[i]; i++) {
                char text[CELL_SIZE] = "";
                Tone tone = chosen[i]->tone ? chosen[i]->tone(object) : TONE_PLAIN;

                if (chosen[i]->cell)
                        chosen[i]->cell(object, text);
                else
                        text_format(text, sizeof(text), "%s", reply_shown(object, chosen[i]->key));
                if (scols_line_set_data(line, i, text[0] ? text : "-") < 0)
                        return -ENOMEM;
                if (screen->colour && tone_colour(tone) &&
                    scols_cell_set_color(scols_line_get_cell(line, i), tone_colour(tone)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int table_print(const Screen *screen, const Column *const *chosen, const json_t *objects) {
        _cleanup_(scols_unref_tablep) struct libscols_table *table = scols_new_table();
        const json_t *object;
        size_t i;

        if (!table)
                return -ENOMEM;
        (void)scols_table_set_stream(table, screen->out);
        /* Everything is clean already; its own way of cleaning would double our backslashes. */
        (void)scols_table_enable_noencoding(table, 1);
        (void)scols_table_enable_colors(table, screen->colour);
        (void)scols_table_set_termforce(table, screen->width ? SCOLS_TERMFORCE_ALWAYS
                                                             : SCOLS_TERMFORCE_NEVER);
        if (screen->width)
                (void)scols_table_set_termwidth(table, screen->width);

        for (i = 0; chosen[i]; i++)
                if (!scols_table_new_column(table, chosen[i]->name, 0,
                                            (chosen[i]->right ? SCOLS_FL_RIGHT : 0) |
                                                    (chosen[i]->cut ? SCOLS_FL_TRUNC : 0)))
                        return -ENOMEM;
        json_array_foreach(objects, i, object)
                if (add_row(table, screen, chosen, object) < 0)
                        return -ENOMEM;
        return scols_print_table(table) < 0 ? -ENOMEM : 0;
}

int table_print_usual(const Screen *screen, const Column *columns, const json_t *objects) {
        const Column *chosen[COLUMNS_MAX + 1];
        int r;

        r = columns_choose(columns, NULL, chosen, NULL);
        return r < 0 ? r : table_print(screen, chosen, objects);
}
