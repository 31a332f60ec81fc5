/*
 * A journal: the finished pieces of a run in a file, so that a run that was killed goes on from them. It is a
 * work store (host/engine/work_store.h) over one file (journal_file.h) that one run at a time may write.
 *
 * The file is made when the first piece is kept, whole from its first instant, and replaces an older one.
 * What is kept lies in a buffer for a quarter of a second at most before it is with the system, which has it
 * when the process is killed; it is not synced, so a machine that loses power may lose the last seconds.
 */
#ifndef QS_HOST_IO_JOURNAL_H
#define QS_HOST_IO_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "host/base/context.h"
#include "host/engine/work_store.h"
#include "quickset/journal.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qs_journal qs_journal;

/*
 * `rank`: which of the processes of one run this is; a journal beside a folder has the name .NAME.journal for
 * the first, .NAME.journal-RANK for the others. All are read where one is resumed; where the first begins
 * anew, those of the others are removed, as they are when it ends and is removed.
 *
 * Takes the place and, with `resume`, reads what is there. The context must outlive the journal. Errors:
 * QS_ERROR_IO when another run writes there or the system refuses, QS_ERROR_INPUT when the file is no
 * journal, is damaged, or belongs to other inputs, sections or another version; QS_ERROR_MEMORY;
 * QS_ERROR_CANCELLED.
 */
qs_status qs_journal_begin(qs_context *context, const qs_journal_spec *spec, uint32_t rank,
                           qs_journal **journal);

/* The store, of the journal's lifetime. A write that fails is QS_ERROR_IO, then and from then on; what the
 * file held before stays. */
const qs_work_store *qs_journal_store(const qs_journal *journal);

void qs_journal_counts(const qs_journal *journal, qs_journal_info *info);

/* Closes it and gives the place free; the file stays or is removed. Null is allowed. */
void qs_journal_end(qs_journal *journal, bool remove);

#ifdef __cplusplus
}
#endif
#endif
