/* Seats: two people, one seat (max_participants 1). Session 0 has two connections at once, session 1 one. See ../door.md, and
   door.pml for the words, for what a step is and for who is killed. Policy allows both people throughout. */

#define SESSIONS 2
#define DOORS 3                       /* 0 and 1 join session 0, 2 joins session 1 */
#define sessionOf(c) ((c) / 2)
#define SEATS 1

mtype = { issued, pending, live, aside, revoked, ended };

mtype row[SESSIONS] = issued;
byte at[SESSIONS];
byte part[SESSIONS];
bool gone[DOORS + 1];
bool relayed[DOORS + 1];

#define mine(c) ((c) + 1)
#define mark(c) ((c) + 1 + DOORS)
#define isLive(s) (row[s] == pending || row[s] == live)
#ifdef UNMARKED
#define hasTurn(s, c) true
#else
#define hasTurn(s, c) (at[s] == mark(c))
#endif
#define flows(s) (part[s] != 0 && relayed[part[s]])
#ifdef REVOKED_RISE                   /* the seat of who is being removed is free at once */
#define sits(s) isLive(s)
#else                                 /* they keep it until the media server has answered */
#define sits(s) (isLive(s) || row[s] == revoked)
#endif

inline leaves(who) {
  if
  :: part[who] != 0 -> gone[part[who]] = true; part[who] = 0
  :: else
  fi
}

inline setAside(who, as) {
  atomic {
    if
#ifdef LOST_UNASKED
    :: isLive(who)
#else
    :: isLive(who) && at[who] == as
#endif
       -> row[who] = aside
    :: else
    fi
  }
}

proctype Door(byte c) {
  byte s = sessionOf(c);
  byte taken;

  /* (a) Who has no seat yet takes one; the call's lock makes others wait from the count to the commit. */
#ifdef NO_LOCK
  if
  :: row[s] == issued || row[s] == aside -> taken = sits(1 - s)
  :: isLive(s)
  fi;
#endif
  atomic {
    if
    :: row[s] == issued || row[s] == aside ->
#ifndef NO_LOCK
#ifndef COUNTS_IN_B
       taken = sits(1 - s);
#endif
#endif
       if
       :: taken >= SEATS -> goto out
       :: else -> row[s] = pending
       fi
    :: isLive(s)
    :: else -> goto out
    fi;
#ifdef UNMARKED
    at[s] = 0;
#else
    at[s] = mark(c);
#endif
    taken = 0
  }

#ifdef COUNTS_IN_B
  if                                  /* (b) counts those who are in already */
  :: row[1 - s] == live -> goto out
  :: else
  fi;
#endif

  /* (c) */
  atomic { leaves(s); part[s] = mine(c) };

  /* (d) Who was set aside meanwhile takes a seat again. */
  atomic {
    if
    :: isLive(s) && hasTurn(s, c)
    :: row[s] == aside && hasTurn(s, c) -> if :: sits(1 - s) >= SEATS -> goto out :: else fi
    :: else -> goto out
    fi;
    row[s] = live;
    at[s] = mine(c)
  };

  relayed[mine(c)] = true;            /* (e) */
out: skip
}

/* Somebody kicks the person of session 0, or they leave: the row, then the media server's answer, then the end. */
proctype Kick() {
  atomic { row[0] == live -> row[0] = revoked };
  atomic { leaves(0) };
  atomic { row[0] == revoked -> row[0] = ended }
}

proctype News() {
  byte p;
  if
  :: d_step { gone[1] -> p = 1 }
  :: d_step { gone[2] -> p = 2 }
  fi;
  setAside(0, p)
}

proctype Sweep() {
  byte as;
  d_step { isLive(0) && part[0] == 0 -> as = at[0] };
  setAside(0, as)
}

init {
  atomic { run Door(0); run Door(1); run Door(2); run Kick(); run News(); run Sweep() }
}

/* Of the sessions that are not over never more flow than there are seats: also with REVOKED_RISE. */
ltl seats { [] !(flows(0) && flows(1) && row[0] != revoked && row[1] != revoked) }
/* Nor with those that are being removed. */
ltl strict { [] !(flows(0) && flows(1)) }
/* Must fail: somebody gets the seat of one who has gone. */
ltl stuck { [] !(row[0] == ended && flows(1)) }
