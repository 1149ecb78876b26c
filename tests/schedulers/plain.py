"""What the schedulers decide, by looking at all trials each time: slow, and short enough to be read."""

import math
from itertools import pairwise

import numpy as np

from skhpo.history import Trial, TrialStopped
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.halving import HalvingScheduler
from skhpo.schedulers.racing import Judge, RacingScheduler
from skhpo.schedulers.racing_halving import RacingHalvingScheduler


def by_rung(history):
    rungs = {}
    for trial in history.trials:
        rungs.setdefault((trial.bracket, trial.rung), []).append(trial)
    return rungs


def best(history, trials, n):
    scored = [(history.score(trial.number), trial) for trial in trials]
    ranked = sorted((pair for pair in scored if not np.isnan(pair[0])), key=lambda pair: (-pair[0], pair[1].number))
    return [trial for _, trial in ranked[:n]]


def new(history, ask, bracket, rung):
    params = ask(sum(trial.parent is None for trial in history.trials))
    return None if params is None else Trial(len(history.trials), params, rung.fraction, rung.number, bracket)


def promoted(history, trial, rung):
    number = len(history.trials)
    return Trial(number, trial.params, rung.fraction, rung.number, trial.bracket, parent=trial.number)


class PlainHalving(HalvingScheduler):
    def next_trial(self, history, ask):
        rungs = by_rung(history)
        for number, (first, *others) in enumerate(self.brackets):
            found = rungs.get((number, first.number), [])
            has_begun_second = bool(others) and (number, others[0].number) in rungs
            if len(found) < first.n_trials and not has_begun_second:
                trial = new(history, ask, number, first)
                if trial is not None or not found:
                    return trial
            for rung in others:
                if not self.is_finished(history, found):
                    return None
                below, found = found, rungs.get((number, rung.number), [])
                winners = best(history, below, rung.n_trials) if len(found) < rung.n_trials else []
                if len(found) < len(winners):
                    return promoted(history, winners[len(found)], rung)
        return None

    def is_finished(self, history, trials):
        return not any(trial.number in history.open for trial in trials)


class PlainAsha(AshaScheduler):
    def next_trial(self, history, ask):
        rungs = by_rung(history)
        raised, is_open = {trial.parent for trial in history.trials}, set(history.open)
        for number, bracket in enumerate(self.brackets):
            for lower, upper in reversed(list(pairwise(bracket))):
                found = [trial for trial in rungs.get((number, lower.number), ()) if trial.number not in is_open]
                for trial in best(history, found, int(len(found) / self.factor)):
                    if trial.number not in raised:
                        return promoted(history, trial, upper)
        return self.new_or_last(history, ask, rungs, raised)

    def new_or_last(self, history, ask, rungs, raised):
        for number, bracket in enumerate(self.brackets):
            if len(rungs.get((number, bracket[0].number), [])) < bracket[0].n_trials:
                trial = new(history, ask, number, bracket[0])
                if trial is not None:
                    return trial
        for number, bracket in enumerate(self.brackets):
            for lower, upper in pairwise(bracket):
                found = rungs.get((number, lower.number), [])
                if any(trial.number in history.open for trial in found):
                    break
                for trial in best(history, found, upper.n_trials):
                    if trial.number not in raised:
                        return promoted(history, trial, upper)
        return None


def mean(history, number):
    return float(np.mean(list(history.seen(number).values())))


def clipped(seen):
    return np.clip(list(seen.values()), -1e100, 1e100)


class PlainRace:
    """A race by the rule of another, which looks at everyone at each decision, one after the other.

    How often a new trial is the best it finds out when one is complete, as it is asked after each fit.
    """

    def __init__(self, race):
        self.race, self.threshold, self.n_complete = race, race.alpha, None

    def next_split(self, history, open_, complete, *, can_start):
        judge = self.judge(history, complete)
        at_rest, busy = [], []
        for number in open_:
            n_begun, n_seen = len(history.begun(number)), len(history.seen(number))
            if n_begun == 0:
                return self.race.fit(history, number)
            verdict = self.verdict(judge, number, history.seen(number))
            if verdict is not None and n_seen == n_begun:
                return verdict
            if verdict is None and n_begun < history.n_splits:
                (at_rest if n_seen == n_begun else busy).append(number)
        if can_start or not (at_rest or busy):
            return None
        candidates = self.to_second(judge, history, open_, at_rest) or at_rest or busy
        return self.race.fit(history, max(candidates, key=lambda number: self.promise(judge, history, number)))

    def to_second(self, judge, history, open_, at_rest):
        if judge is not None or sum(len(history.begun(number)) > 1 for number in open_) >= self.race.n_second:
            return []
        ones = [number for number in at_rest if len(history.seen(number)) == 1]
        return [number for number in ones if math.isfinite(mean(history, number))]

    def verdict(self, judge, number, seen):
        if self.race.stops_failures and any(map(math.isnan, seen.values())):
            return TrialStopped(number)
        if judge is None or judge.df == 0 or not seen:
            return None
        probability = judge.probability(list(seen), clipped(seen))
        return TrialStopped(number, judge.incumbent) if probability < self.threshold else None

    def promise(self, judge, history, number):
        seen = history.seen(number)
        if not seen:
            return (0.0 if judge is None else -math.inf), (-math.inf if judge is None else 0.0), -number
        if judge is None:
            return float(len(seen)), mean(history, number), -number
        return judge.behind(list(seen), clipped(seen)), 0.0, -number

    def judge(self, history, complete):
        if self.n_complete != len(complete) and math.isfinite(self.race.share):
            self.threshold = min(self.race.alpha, self.race.share * chance_of_new(history, complete))
        self.n_complete = len(complete)
        return judge(history, complete, self.race)


def judge(history, complete, race):
    all_rows = np.array([[history.seen(number)[split] for split in range(history.n_splits)] for number in complete])
    all_rows = all_rows.reshape(-1, history.n_splits)
    is_usable = (np.abs(all_rows) < 1e100).all(axis=1)
    usable = all_rows[is_usable]
    if len(usable) < race.n_best:
        return None
    last = int(np.argsort(-usable.mean(axis=1), kind="stable")[race.n_best - 1])
    incumbent = complete[int(np.flatnonzero(is_usable)[last])]
    rows = np.unique(usable[-30:], axis=0)
    (n, k), e = rows.shape, rows - rows.mean(axis=0)
    variance = float(e.var(axis=1, ddof=1).mean()) * (n / (n - 1)) ** 2 if n > 1 and k > 1 else 0.0
    squares = ((e - e.mean(axis=1, keepdims=True)) ** 2).mean(axis=0)
    shares = (n * squares / squares.mean() + 5) / (n + 5) if squares.mean() > 0 else np.ones(k)
    df = min(2, n - 1) * (k - 1) if len(usable) >= race.n_first else 0
    return Judge(incumbent, usable[last], rows.mean(axis=0), variance, df, shares)


def chance_of_new(history, complete):
    is_complete, is_open = set(complete), set(history.open)
    record, records = -math.inf, []
    for number in range(len(history.trials)):
        if number not in is_open:
            score = mean(history, number) if number in is_complete else -math.inf
            records.append(score > record)
            record = max(record, score)
    late = records[len(records) // 2 :]
    return (1 + sum(late)) / (10 + len(late))


class PlainRacing(RacingScheduler):
    def __init__(self, n_trials, **settings):
        super().__init__(n_trials, **settings)
        self.race = PlainRace(self._race)

    def next_split(self, history, *, look_back, can_start):
        n_hidden, n_open = look_back - 1, len(history.open)
        has_room = n_open < self.n_open + n_hidden
        if len(history.trials) < self.n_start:
            has_room = True
        elif self.n_start and len(history.complete) < 2 and n_open > n_hidden:
            has_room = False
        can_start = can_start and has_room and len(history.trials) < self.n_trials
        return self.race.next_split(history, history.open, history.complete, can_start=can_start)


class PlainRacingHalving(RacingHalvingScheduler, PlainHalving):
    next_trial = PlainHalving.next_trial

    def next_split(self, history, *, look_back, can_start):
        rungs, is_open, is_complete = by_rung(history), set(history.open), set(history.complete)
        for (bracket, rung), trials in rungs.items():
            open_ = [trial.number for trial in trials if trial.number in is_open]
            if open_:
                complete = [trial.number for trial in trials if trial.number in is_complete]
                can_join = can_start and len(trials) < self.size(bracket, rung, rungs, is_complete)
                race = PlainRace(self._races[bracket, rung])
                decision = race.next_split(history, open_, complete, can_start=can_join)
                if decision is not None or can_join:
                    return decision
        return None

    def size(self, bracket, rung, rungs, is_complete):
        place = self._places[bracket, rung]
        n_trials = self.brackets[bracket][place].n_trials
        if place == 0:
            return n_trials
        below = rungs[bracket, self.brackets[bracket][place - 1].number]
        return min(n_trials, sum(trial.number in is_complete for trial in below))
