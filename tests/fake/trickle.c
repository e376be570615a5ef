/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer that comes a byte a second. */
#include "trickle.h"

#include "frame.h"

#define TRICKLE_MS 1000

void trickle_stop(struct trickle *trickle)
{
	free(trickle->text);
	*trickle = (struct trickle){};
}

void trickle_start(struct trickle *trickle, const json_t *answer)
{
	trickle_stop(trickle);
	if (frame_format(answer, &trickle->text, &trickle->length) == 0)
		trickle->at = now_ms();
}

void trickle_continue(struct trickle *trickle, struct port *port)
{
	if (!trickle->text || trickle->at > now_ms())
		return;
	port_send(port, trickle->text + trickle->sent++, 1);
	trickle->at = now_ms() + TRICKLE_MS;
	if (trickle->sent == trickle->length)
		trickle_stop(trickle);
}
