/* OSCAL, NIST's JSON for controls: catalogues are read. Of version 1.0 to 1.1, by
 * https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/catalog/json-outline/
 *
 * Groups and controls may be nested to 16 levels; a control inside a control (an enhancement) is a
 * control of its own. Its text is the prose of its parts named statement (all parts where none is),
 * each in a line with its label; a parameter in it stands as [its label]. Controls that are
 * withdrawn are left out. Any thread. */
#ifndef BYLAW_CONTROL_OSCAL_H
#define BYLAW_CONTROL_OSCAL_H

#include "control/requirements.h"

#define OSCAL_MAX_BYTES ((size_t)128 << 20)

/* Appends the controls of a catalogue to `out`, whose name is for messages: what is wrong, and at
 * which control. */
bool oscal_read(struct str text, struct requirements *out, struct err *err) MUST_USE;

#endif
