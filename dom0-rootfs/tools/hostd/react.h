/* Guests that ended get what their configuration asks for. */
#ifndef HOSTD_REACT_H
#define HOSTD_REACT_H

#include "libdom/libdom.h"
#include "log.h"
#include "policy.h"

/*
 * Looks at all domains and deals with those that have ended and are due. Returns ms
 * until the next look is needed, -1: only when something changes.
 */
int react_to_all(struct dom *dom, struct guests *guests, struct log *log);

#endif
