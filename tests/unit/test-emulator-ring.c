/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The memory that a kernel shares with the emulator, made here: with all that a kernel says, and with
 * what none should say. */
#include "tests/emulator/tcmu-ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/emulator/tcmu-abi.h"
#include "tests/unit/test.h"

#define COMMANDS 4096u
#define SIZE     4096u
#define DATA     (COMMANDS + SIZE)
#define MAP      65536u

/* A command's entry with up to two parts and its CDB behind them. */
#define ENTRY ((uint32_t)sizeof(struct tcmu_cmd_entry) + 40u)

static uint8_t *map;
static Ring ring;

static struct tcmu_mailbox *mailbox(void) {
        return (struct tcmu_mailbox *)(void *)map;
}

static int opened(void **state) {
        (void)state;
        /* Exactly as long as said: sanitizers see each byte beyond. */
        map = aligned_alloc(64, MAP);
        assert_non_null(map);
        memset(map, 0, MAP);
        *mailbox() = (struct tcmu_mailbox){
                .version = TCMU_MAILBOX_VERSION,
                .flags = TCMU_MAILBOX_FLAG_CAP_OOOC | TCMU_MAILBOX_FLAG_CAP_READ_LEN,
                .cmdr_off = COMMANDS,
                .cmdr_size = SIZE,
        };
        return ring_open(&ring, map, MAP);
}

static int closed(void **state) {
        (void)state;
        free(map);
        return 0;
}

static uint8_t *at_head(void) {
        return map + COMMANDS + mailbox()->cmd_head;
}

static void publish(uint32_t length) {
        mailbox()->cmd_head = (mailbox()->cmd_head + length) % SIZE;
}

static void put_head(uint32_t length, uint32_t op, uint16_t id) {
        const struct tcmu_cmd_entry_hdr head = { .len_op = length | op, .cmd_id = id };

        memcpy(at_head(), &head, sizeof(head));
}

/* An INQUIRY with one or two parts, as if a kernel had put it there. */
static void put(uint16_t id, const struct iovec *parts, uint32_t n_parts) {
        struct tcmu_cmd_entry entry = {};

        put_head(ENTRY, TCMU_OP_CMD, id);
        memcpy(&entry.hdr, at_head(), sizeof(entry.hdr));
        entry.req.iov_cnt = n_parts;
        entry.req.cdb_off = COMMANDS + mailbox()->cmd_head + ENTRY - 8;
        memcpy(at_head(), &entry, sizeof(entry));
        memcpy(at_head() + offsetof(struct tcmu_cmd_entry, req.iov), parts,
               n_parts * sizeof(*parts));
        memcpy(at_head() + ENTRY - 8, "\x12\0\0\0\x60\0", 6);
        publish(ENTRY);
}

static struct iovec part(size_t offset, size_t length) {
        return (struct iovec){ (void *)(uintptr_t)offset, length };
}

static void put_plain(uint16_t id) {
        struct iovec one = part(DATA, 96);

        put(id, &one, 1);
}

static RingItem take(RingCommand *command) {
        RingItem item;
        RingAbort abort = {};

        assert_int_equal(ring_take(&ring, &item, command, &abort), 0);
        ring_abort_clear(&abort);
        return item;
}

static int take_error(void) {
        RingItem item;
        RingCommand command = {};
        RingAbort abort = {};

        return ring_take(&ring, &item, &command, &abort);
}

static void reply_to(RingCommand *command, const char *text, uint32_t residual) {
        ScsiReply reply = { .residual = residual, .n_in = (uint32_t)strlen(text) };

        memcpy(reply.in, text, strlen(text));
        ring_answer(&ring, command, &reply);
        ring_command_clear(command);
}

static struct tcmu_cmd_entry answer_at(uint32_t offset) {
        struct tcmu_cmd_entry entry;

        memcpy(&entry, map + COMMANDS + offset, sizeof(entry));
        return entry;
}

static void test_a_command_is_taken_and_answered_with_its_length(void **state) {
        RingCommand command;
        struct tcmu_cmd_entry entry;

        (void)state;
        memset(map + DATA, 'x', 96);
        put_plain(7);
        assert_int_equal(take(&command), RING_COMMAND);
        assert_false(command.lies);
        assert_int_equal(command.id, 7);
        assert_int_equal(command.n_cdb, 6);
        assert_memory_equal(command.cdb, "\x12\0\0\0\x60\0", 6);
        assert_int_equal(command.n_data, 96);
        assert_int_equal(ring_flow(&command), SCSI_TO_HOST);
        assert_int_equal(mailbox()->cmd_tail, 0);
        reply_to(&command, "PIONEER ", 88);
        assert_int_equal(mailbox()->cmd_tail, ENTRY);
        entry = answer_at(0);
        assert_int_equal(entry.hdr.cmd_id, 7);
        assert_int_equal(entry.hdr.uflags, TCMU_UFLAG_READ_LEN);
        assert_int_equal(entry.rsp.scsi_status, 0);
        assert_int_equal(entry.rsp.read_len, 8);
        assert_memory_equal(map + DATA, "PIONEER \0\0", 10);
        assert_int_equal(map[DATA + 95], 0);
        assert_int_equal(take(&command), RING_NOTHING);
}

static void test_data_are_gathered_and_scattered_over_parts(void **state) {
        const struct iovec two[] = { part(DATA + 100, 3), part(DATA, 5) };
        _cleanup_free_ uint8_t *data = NULL;
        RingCommand command;

        (void)state;
        memcpy(map + DATA + 100, "abc", 3);
        memcpy(map + DATA, "defgh", 5);
        put(1, two, 2);
        assert_int_equal(take(&command), RING_COMMAND);
        data = ring_data(&ring, &command);
        assert_memory_equal(data, "abcdefgh", 8);
        reply_to(&command, "1234567", 1);
        assert_memory_equal(map + DATA + 100, "123", 3);
        assert_memory_equal(map + DATA, "4567\0", 5);
}

static void test_answers_may_come_in_any_order(void **state) {
        RingCommand first, second, third;

        (void)state;
        put_plain(1);
        put_plain(2);
        assert_int_equal(take(&first), RING_COMMAND);
        assert_int_equal(take(&second), RING_COMMAND);
        reply_to(&second, "b", 95);
        /* In the place of the first, with the second's id; the first one's data were kept. */
        assert_int_equal(answer_at(0).hdr.cmd_id, 2);
        assert_int_equal(mailbox()->cmd_tail, ENTRY);
        put_plain(3);
        assert_int_equal(take(&third), RING_COMMAND);
        reply_to(&third, "c", 95);
        assert_int_equal(answer_at(ENTRY).hdr.cmd_id, 3);
        reply_to(&first, "a", 95);
        assert_int_equal(answer_at(2 * ENTRY).hdr.cmd_id, 1);
        assert_int_equal(mailbox()->cmd_tail, mailbox()->cmd_head);
        assert_int_equal(map[DATA], 'a');
}

static void test_the_ring_goes_round_with_a_pad_at_its_end(void **state) {
        RingCommand command;

        (void)state;
        for (uint16_t id = 1; id < 100; id++) {
                uint32_t left = SIZE - mailbox()->cmd_head;

                if (left < ENTRY) {
                        put_head(left, TCMU_OP_PAD, 0);
                        publish(left);
                }
                put_plain(id);
                assert_int_equal(take(&command), RING_COMMAND);
                assert_int_equal(command.id, id);
                reply_to(&command, "x", 95);
                assert_int_equal(mailbox()->cmd_tail, mailbox()->cmd_head);
        }
}

static void test_an_unknown_entry_is_marked_and_passed_over(void **state) {
        RingCommand command;

        (void)state;
        put_head(16, 5, 0);
        publish(16);
        put_plain(2);
        assert_int_equal(take(&command), RING_COMMAND);
        assert_int_equal(command.id, 2);
        assert_int_equal(map[COMMANDS + offsetof(struct tcmu_cmd_entry_hdr, uflags)],
                         TCMU_UFLAG_UNKNOWN_OP);
        assert_int_equal(mailbox()->cmd_tail, 16);
        ring_command_clear(&command);
}

static void put_abort(uint8_t type, uint32_t n_said, const uint16_t *ids, uint32_t n_ids) {
        const size_t fixed = offsetof(struct tcmu_tmr_entry, cmd_ids);
        struct tcmu_tmr_entry entry = { .tmr_type = type, .cmd_cnt = n_said };
        uint32_t length = (uint32_t)((fixed + n_ids * sizeof(*ids) + 7) & ~7ul);

        put_head(length, TCMU_OP_TMR, 0);
        memcpy(&entry.hdr, at_head(), sizeof(entry.hdr));
        memcpy(at_head(), &entry, fixed);
        if (n_ids > 0)
                memcpy(at_head() + fixed, ids, n_ids * sizeof(*ids));
        publish(length);
}

static void test_an_abort_names_what_is_given_up(void **state) {
        static const uint16_t ids[] = { 4, 9 };
        RingCommand command;
        RingAbort abort;
        RingItem item;

        (void)state;
        put_plain(4);
        put_abort(TCMU_TMR_ABORT_TASK, 2, ids, 2);
        assert_int_equal(take(&command), RING_COMMAND);
        assert_int_equal(ring_take(&ring, &item, &(RingCommand){}, &abort), 0);
        assert_int_equal(item, RING_ABORT);
        assert_int_equal(abort.n_ids, 2);
        assert_memory_equal(abort.ids, ids, sizeof(ids));
        assert_false(abort.is_reset);
        ring_abort_clear(&abort);
        /* The abort lies behind a command without an answer; both go together. */
        assert_int_equal(mailbox()->cmd_tail, 0);
        reply_to(&command, "", 96);
        assert_int_equal(mailbox()->cmd_tail, mailbox()->cmd_head);
        put_abort(TCMU_TMR_LUN_RESET, 0, NULL, 0);
        assert_int_equal(ring_take(&ring, &item, &(RingCommand){}, &abort), 0);
        assert_true(abort.is_reset);
        ring_abort_clear(&abort);
}

static void test_an_abort_of_more_commands_than_it_has_is_none(void **state) {
        static const uint16_t ids[] = { 4 };

        (void)state;
        put_abort(TCMU_TMR_ABORT_TASK, 4000, ids, 1);
        assert_int_equal(take_error(), -EBADMSG);
}

/* Whatever its parts say, the command is there, and its answer touches nothing. */
static void assert_lies(const struct iovec *parts, uint32_t n_parts) {
        _cleanup_free_ uint8_t *before = malloc(MAP);
        struct tcmu_cmd_entry entry;
        RingCommand command;
        uint32_t tail;

        put(3, parts, n_parts);
        memcpy(before, map, MAP);
        tail = mailbox()->cmd_tail;
        assert_int_equal(take(&command), RING_COMMAND);
        assert_true(command.lies);
        assert_int_equal(command.id, 3);
        reply_to(&command, "overwritten", 0);
        entry = answer_at(tail);
        assert_int_equal(entry.rsp.scsi_status, SCSI_CHECK_CONDITION);
        assert_int_equal(entry.rsp.sense_buffer[2], 0x0b);
        assert_memory_equal(map + DATA, before + DATA, MAP - DATA);
        /* Only the answer and the tail differ. */
        assert_memory_equal(map + COMMANDS + ENTRY, before + COMMANDS + ENTRY, SIZE - ENTRY);
        mailbox()->cmd_head = mailbox()->cmd_tail = 0;
        assert_int_equal(ring_open(&ring, map, MAP), 0);
}

static void test_parts_that_lie_are_not_touched(void **state) {
        const struct iovec bad[] = {
                part(0, 8),                    /* the mailbox */
                part(COMMANDS, 8),             /* the ring */
                part(DATA - 1, 8),             /* its last byte */
                part(MAP, 1),                  /* behind all */
                part(MAP + 1, 0),              /* even without length */
                part(MAP - 7, 8),              /* over the end */
                part(DATA, MAP),               /* longer than all */
                part(DATA, SIZE_MAX),          /* around */
                part(SIZE_MAX - 4, 8),         /* around */
                part(DATA, RING_DATA_MAX + 1), /* no drive takes so much */
        };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(bad); i++) {
                const struct iovec two[] = { part(DATA, 8), bad[i] };

                assert_lies(&bad[i], 1);
                assert_lies(two, 2);
        }
}

static void spoil(size_t field, uint64_t value, size_t size) {
        struct tcmu_cmd_entry entry;
        RingCommand command;

        put_plain(3);
        memcpy(map + COMMANDS + field, &value, size);
        assert_int_equal(take(&command), RING_COMMAND);
        assert_true(command.lies);
        reply_to(&command, "x", 0);
        entry = answer_at(0);
        assert_int_equal(entry.rsp.scsi_status, SCSI_CHECK_CONDITION);
        mailbox()->cmd_head = mailbox()->cmd_tail = 0;
        assert_int_equal(ring_open(&ring, map, MAP), 0);
}

static void test_an_entry_that_lies_about_itself_is_refused(void **state) {
        (void)state;
        spoil(offsetof(struct tcmu_cmd_entry, req.iov_cnt), 1000, 4); /* more than fit in */
        spoil(offsetof(struct tcmu_cmd_entry, req.iov_cnt), UINT32_MAX, 4);
        spoil(offsetof(struct tcmu_cmd_entry, req.iov_bidi_cnt), 1, 4);
        spoil(offsetof(struct tcmu_cmd_entry, req.cdb_off), MAP, 8);
        spoil(offsetof(struct tcmu_cmd_entry, req.cdb_off), MAP - 1, 8); /* its first byte only */
        spoil(offsetof(struct tcmu_cmd_entry, req.cdb_off), UINT64_MAX, 8);
}

/* A command whose parts are all good, as far as each goes; the entry is so long, or shorter. */
static RingCommand many(uint32_t length, uint32_t n_parts, uint32_t n_each) {
        const size_t fixed = offsetof(struct tcmu_cmd_entry, req.iov);
        struct tcmu_cmd_entry entry = { .req.iov_cnt = n_parts, .req.cdb_off = DATA };
        struct iovec each = part(DATA, n_each);
        RingCommand command;

        put_head(length, TCMU_OP_CMD, 8);
        memcpy(&entry.hdr, at_head(), sizeof(entry.hdr));
        memcpy(at_head(), &entry, fixed);
        for (uint32_t i = 0; i < n_parts; i++)
                memcpy(at_head() + fixed + i * sizeof(each), &each, sizeof(each));
        publish(length);
        assert_int_equal(take(&command), RING_COMMAND);
        return command;
}

static void test_no_part_lies_behind_its_entry(void **state) {
        RingCommand command = many(ENTRY, 6, 8);

        (void)state;
        assert_false(command.lies);
        reply_to(&command, "x", 0);
        command = many(ENTRY, 7, 8);
        assert_true(command.lies);
        ring_command_clear(&command);
}

static void test_a_command_has_no_more_data_than_any_drive_takes(void **state) {
        RingCommand command = many(2048, 73, 57000);

        (void)state;
        assert_false(command.lies);
        assert_int_equal(command.n_data, 73 * 57000);
        reply_to(&command, "x", 0);
        command = many(2040, 74, 57000);
        assert_true(command.lies);
        assert_in_range(command.n_data, 0, RING_DATA_MAX);
        ring_command_clear(&command);
}

static void test_a_pad_without_length_is_not_passed_over_for_ever(void **state) {
        (void)state;
        put_head(0, TCMU_OP_PAD, 0);
        mailbox()->cmd_head = ENTRY;
        assert_int_equal(take_error(), -EBADMSG);
}

static void test_lengths_that_no_ring_can_have_end_it(void **state) {
        static const uint32_t lengths[] = { 0,          4,    sizeof(struct tcmu_cmd_entry) - 8,
                                            ENTRY + 8,  SIZE, SIZE + 8,
                                            0xfffffff8u };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(lengths); i++) {
                put_head(lengths[i], TCMU_OP_CMD, 1);
                mailbox()->cmd_head = ENTRY;
                assert_int_equal(take_error(), -EBADMSG);
                mailbox()->cmd_head = 0;
        }
}

static void test_a_head_outside_of_the_ring_ends_it(void **state) {
        static const uint32_t heads[] = { SIZE, SIZE + 8, UINT32_MAX, 4, 13 };

        (void)state;
        for (unsigned i = 0; i < N_ELEMENTS(heads); i++) {
                put_head(ENTRY, TCMU_OP_CMD, 1);
                mailbox()->cmd_head = heads[i];
                assert_int_equal(take_error(), -EBADMSG);
                mailbox()->cmd_head = 0;
        }
}

static void refuse_mailbox(struct tcmu_mailbox bad, int error) {
        Ring other;

        *mailbox() = bad;
        assert_int_equal(ring_open(&other, map, MAP), error);
}

static void test_a_mailbox_that_lies_opens_no_ring(void **state) {
        const struct tcmu_mailbox good = *mailbox();
        struct tcmu_mailbox bad;
        Ring other;

        (void)state;
#define REFUSE(field, value, error)                                                                \
        do {                                                                                       \
                bad = good;                                                                        \
                bad.field = (value);                                                               \
                refuse_mailbox(bad, error);                                                        \
        } while (0)
        REFUSE(version, 1, -EOPNOTSUPP);
        REFUSE(flags, TCMU_MAILBOX_FLAG_CAP_OOOC, -EOPNOTSUPP);
        REFUSE(flags, TCMU_MAILBOX_FLAG_CAP_READ_LEN, -EOPNOTSUPP);
        REFUSE(cmdr_off, 0, -EBADMSG); /* over itself */
        REFUSE(cmdr_off, MAP + 8, -EBADMSG);
        REFUSE(cmdr_off, COMMANDS + 4, -EBADMSG);
        REFUSE(cmdr_size, 0, -EBADMSG);
        REFUSE(cmdr_size, MAP, -EBADMSG);
        REFUSE(cmdr_size, UINT32_MAX - 7, -EBADMSG);
        REFUSE(cmd_tail, SIZE, -EBADMSG);
        REFUSE(cmd_tail, 4, -EBADMSG);
        *mailbox() = good;
        assert_int_equal(ring_open(&other, map, 16), -EBADMSG);
        assert_int_equal(ring_open(&other, map, MAP), 0);
}

/* Commands whose data the kernel hands over, not fetches. */
static void test_the_way_of_data_is_known_by_operation_code(void **state) {
        RingCommand command = { .cdb = { 0x3b }, .n_data = 32 };

        (void)state;
        assert_int_equal(ring_flow(&command), SCSI_TO_DRIVE);
        command.cdb[0] = 0x3c;
        assert_int_equal(ring_flow(&command), SCSI_TO_HOST);
        command.cdb[0] = 0x55;
        assert_int_equal(ring_flow(&command), SCSI_TO_DRIVE);
        command.n_data = 0;
        assert_int_equal(ring_flow(&command), SCSI_NO_DATA);
}

static void test_a_refusal_carries_its_sense(void **state) {
        ScsiReply reply = {};
        struct tcmu_cmd_entry entry;
        RingCommand command;

        (void)state;
        put_plain(5);
        assert_int_equal(take(&command), RING_COMMAND);
        reply_refuse(&reply, (Sense){ 6, 0x3f, 0x01 });
        ring_answer(&ring, &command, &reply);
        ring_command_clear(&command);
        entry = answer_at(0);
        assert_int_equal(entry.rsp.scsi_status, SCSI_CHECK_CONDITION);
        assert_int_equal(entry.hdr.uflags, 0);
        assert_int_equal(entry.rsp.sense_buffer[2], 6);
        assert_int_equal(entry.rsp.sense_buffer[12], 0x3f);
        assert_int_equal(entry.rsp.sense_buffer[13], 0x01);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, opened, closed)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_a_command_is_taken_and_answered_with_its_length),
                TEST(test_data_are_gathered_and_scattered_over_parts),
                TEST(test_answers_may_come_in_any_order),
                TEST(test_the_ring_goes_round_with_a_pad_at_its_end),
                TEST(test_an_unknown_entry_is_marked_and_passed_over),
                TEST(test_an_abort_names_what_is_given_up),
                TEST(test_an_abort_of_more_commands_than_it_has_is_none),
                TEST(test_parts_that_lie_are_not_touched),
                TEST(test_an_entry_that_lies_about_itself_is_refused),
                TEST(test_no_part_lies_behind_its_entry),
                TEST(test_a_command_has_no_more_data_than_any_drive_takes),
                TEST(test_a_pad_without_length_is_not_passed_over_for_ever),
                TEST(test_lengths_that_no_ring_can_have_end_it),
                TEST(test_a_head_outside_of_the_ring_ends_it),
                TEST(test_a_mailbox_that_lies_opens_no_ring),
                TEST(test_the_way_of_data_is_known_by_operation_code),
                TEST(test_a_refusal_carries_its_sense),
        };

        return RUN_TESTS(tests);
}
