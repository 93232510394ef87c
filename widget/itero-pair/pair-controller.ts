import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Pairing } from '../../shared/pairing.ts';
import type { Result } from '../../shared/result.ts';
import { requestIdOf } from '../core/api.ts';
import { IteroBeforeUnpairEvent, IteroErrorEvent, IteroPairedEvent, IteroUnpairedEvent } from '../core/events.ts';
import { clientFault, isAborted, type Fault } from '../core/fault.ts';
import { msg, str } from '../core/localize.ts';
import type { PageLink } from '../core/page-link.ts';
import { CheckWatch } from '../ledger/check-watch.ts';
import { askImpact, chooseAccount, listAccounts, signOut, startAuthorization, unpair } from './pair-calls.ts';
import { isChoosing, onlyChoice, reduce, START, transition, type PairAction, type PairState } from './pair-state.ts';
import { openSignInWindow, toWebAddress, watchSignIn, type SignInSight, type SignInWatch } from './sign-in.ts';

/** What the controller may use of its element. */
export interface PairDoor {
  link(): PageLink | undefined;
  mayManage(): boolean;
  emit(event: Event): boolean;
}

export interface PairHost extends ReactiveControllerHost {
  readonly isConnected: boolean;
}

/** Loads the pairing, runs sign-in, account choice, signing out and un-pairing, one at a time. */
export class PairController implements ReactiveController {
  readonly #host: PairHost;
  readonly #door: PairDoor;
  #state: PairState = START;
  /** The last thing that was done, for the live region. */
  #status = '';
  #loading = false;
  #loadAgain = false;
  /** Grows with each change made here: an answer that was asked for before it says nothing any more. */
  #epoch = 0;
  /** Grows when everything goes: what was asked for before is another user's or clinic's, also where the link stays. */
  #round = 0;
  /** Grows with each sign-in that is begun or given up: what was asked for an earlier one says nothing about it. */
  #attempt = 0;
  /** Opened, and waiting for the address of the sign-in. */
  #waiting: Window | null = null;
  #watch: SignInWatch | undefined;
  /** A sign-in was begun here: with one account the choice is skipped. */
  #began = false;
  /** Another sign-in waits for its choice already: that there is one to make does not say that this one has ended. */
  #again = false;
  /** Elements that are gone are not kept up to date. */
  #watching = false;
  readonly #checks = new CheckWatch(() => {
    if (this.#door.link()?.state.kind === 'ready') void this.load();
    else this.#checks.plan(null);
  });

  constructor(host: PairHost, door: PairDoor) {
    this.#host = host;
    this.#door = door;
    host.addController(this);
  }

  get state(): PairState {
    return this.#state;
  }

  get status(): string {
    return this.#status;
  }

  hostConnected(): void {
    // This code can come after the session.
    if (this.#door.link()?.state.kind === 'ready') this.start();
  }

  hostDisconnected(): void {
    // An element that is only moved comes back within the same task: its sign-in and its checks go on.
    queueMicrotask(() => {
      if (!this.#host.isConnected) this.#stop();
    });
  }

  /** The session is there. */
  start(): void {
    this.#watching = true;
    void this.load();
  }

  /** Every event changes what is counted; only what a person waits for is asked for at once. */
  news(urgent: boolean): void {
    if (urgent) void this.load();
    else this.#checks.news();
  }

  /** Another clinic or user: forget everything. */
  drop(): void {
    this.#stop();
    this.#round++;
    // What runs may never be answered: its session may wait for a person who has left.
    this.#loading = false;
    this.#loadAgain = false;
    this.#status = '';
    this.#dispatch({ type: 'drop' });
  }

  #stop(): void {
    this.#giveUpSignIn();
    this.#watching = false;
    this.#checks.stop();
  }

  #dispatch(action: PairAction): void {
    this.#state = reduce(this.#state, action);
    this.#host.requestUpdate();
  }

  async load(): Promise<void> {
    if (this.#loading) {
      this.#loadAgain = true;
      return;
    }
    const link = this.#door.link();
    if (!link) return;
    this.#loading = true;
    const epoch = this.#epoch;
    const round = this.#round;
    const answer = await link.api.pairing();
    if (round !== this.#round) return;
    this.#loading = false;
    if (epoch === this.#epoch) this.#judge(answer);
    else this.#loadAgain = this.#door.link() !== undefined;
    if (this.#loadAgain) {
      this.#loadAgain = false;
      void this.load();
    }
  }

  #judge(answer: Result<Pairing, Fault>): void {
    if (this.#watching) this.#checks.plan(answer.ok ? answer.value.health.nextCheckAt : null);
    if (!answer.ok) {
      if (!isAborted(answer.error) && answer.error.code !== 'offline')
        this.#door.emit(new IteroErrorEvent(answer.error));
      if (!isAborted(answer.error)) this.#dispatch({ type: 'load_failed', fault: answer.error });
      return;
    }
    const pairing = answer.value;
    const change = transition(this.#state.pairing, pairing);
    this.#dispatch({ type: 'loaded', pairing });
    const requestId = requestIdOf(pairing);
    if (change === 'paired') this.#door.emit(new IteroPairedEvent(pairing.account?.id ?? '', requestId));
    else if (change) this.#door.emit(new IteroUnpairedEvent(change, requestId));
    const { kind } = this.#state.task;
    if (isChoosing(pairing)) {
      if (kind !== 'idle' && (kind !== 'signing_in' || this.#again)) return;
      this.#stopWatch();
      if (this.#door.mayManage()) void this.#chooseAccount(pairing);
    } else if (kind === 'listing' || kind === 'choosing') {
      // Chosen in another tab, or no longer to be chosen.
      this.#dispatch({ type: 'done' });
    }
  }

  /** Runs inside the click: the pop-up is opened before anything is awaited. */
  readonly connect = async (): Promise<void> => {
    const link = this.#door.link();
    if (!link) return;
    this.#giveUpSignIn();
    const { pairing } = this.#state;
    const problemBefore = pairing?.signInProblem ?? null;
    this.#again = pairing !== undefined && isChoosing(pairing);
    const popup = openSignInWindow();
    this.#waiting = popup;
    this.#status = '';
    this.#dispatch({ type: 'sign_in' });
    const attempt = this.#attempt;
    const answer = await startAuthorization(link.api);
    if (attempt !== this.#attempt) return;
    this.#waiting = null;
    const address = answer.ok ? toWebAddress(link.api.assetUrl(answer.value.startUrl)) : undefined;
    if (!answer.ok || !address) {
      popup?.close();
      this.#failed(answer.ok ? clientFault('unreadable') : answer.error);
      return;
    }
    this.#began = !this.#again;
    if (popup) popup.location.href = address.href;
    else this.#dispatch({ type: 'blocked', url: address.href });
    this.#watch = watchSignIn({
      popup: popup ?? undefined,
      origin: address.origin,
      until: Date.parse(answer.value.expiresAt),
      look: (sight) => void this.#lookAtSignIn(attempt, sight, problemBefore),
      over: () => this.#dispatch({ type: 'sign_in_ended' }),
    });
  };

  async #lookAtSignIn(attempt: number, sight: SignInSight, problemBefore: string | null): Promise<void> {
    await this.load();
    const { task, pairing } = this.#state;
    if (attempt !== this.#attempt || task.kind !== 'signing_in') return;
    const problem = pairing?.signInProblem ?? null;
    if (problem !== null && (sight === 'closed' || problem !== problemBefore)) {
      this.#stopWatch();
      this.#dispatch({ type: 'sign_in_ended' });
    } else if (this.#again && sight !== 'open' && pairing && isChoosing(pairing)) {
      this.#stopWatch();
      // Unless it is told, the choice may still be that of the sign-in before, which was not wanted.
      this.#began = sight === 'told';
      void this.#chooseAccount(pairing);
    } else if (sight === 'closed') {
      // COOP can make an open window look closed: the watch goes on, more slowly.
      this.#status = msg('The sign-in window was closed. If you finished there, this page follows in a moment.');
      this.#dispatch({ type: 'sign_in_ended' });
    }
  }

  async #chooseAccount(pairing: Pairing): Promise<void> {
    const link = this.#door.link();
    if (!link) return;
    this.#status = '';
    this.#dispatch({ type: 'list' });
    const round = this.#round;
    const answer = await listAccounts(link.api);
    if (round !== this.#round || this.#state.task.kind !== 'listing') return;
    if (!answer.ok) {
      this.#failed(answer.error);
      return;
    }
    const only = this.#began ? onlyChoice(pairing, answer.value) : undefined;
    this.#began = false;
    if (only === undefined) this.#dispatch({ type: 'listed', accounts: answer.value });
    else await this.#pair(only);
  }

  async #pair(accountId: string): Promise<void> {
    const link = this.#door.link();
    if (!link) return;
    this.#dispatch({ type: 'pair' });
    const round = this.#round;
    const answer = await chooseAccount(link.api, accountId);
    if (round !== this.#round) return;
    if (!answer.ok) {
      this.#failed(answer.error);
      return;
    }
    this.#epoch++;
    this.#dispatch({ type: 'done' });
    this.#status = msg(str`${answer.value.account?.name ?? ''} is connected.`);
    this.#judge(answer);
  }

  #failed(fault: Fault): void {
    if (isAborted(fault)) return;
    this.#door.emit(new IteroErrorEvent(fault));
    this.#dispatch({ type: 'failed', fault });
  }

  readonly select = (event: Event): void => {
    this.#dispatch({ type: 'select', accountId: (event.target as HTMLInputElement).value });
  };

  readonly submit = (event: Event): void => {
    event.preventDefault();
    const { task } = this.#state;
    if (task.kind === 'choosing' && task.selected !== undefined) void this.#pair(task.selected);
  };

  readonly askUnpair = async (): Promise<void> => {
    const link = this.#door.link();
    if (!link) return;
    this.#dispatch({ type: 'ask_unpair' });
    const round = this.#round;
    const answer = await askImpact(link.api);
    if (round !== this.#round) return;
    if (answer.ok) this.#dispatch({ type: 'impact', impact: answer.value });
    else this.#failed(answer.error);
  };

  readonly askSignOut = (): void => this.#dispatch({ type: 'ask_sign_out' });

  readonly keep = (): void => {
    const { task } = this.#state;
    if ('running' in task && !task.running) this.#dispatch({ type: 'done' });
  };

  /** Escape: the dialog goes with its task, so that one that runs keeps it open. */
  readonly cancelled = (event: Event): void => {
    event.preventDefault();
    this.keep();
  };

  /** The event comes a task later: a dialog that is gone by then says nothing about the next one. */
  readonly closed = (event: Event): void => {
    if (event.target instanceof Node && event.target.isConnected) this.keep();
  };

  readonly confirm = async (): Promise<void> => {
    const link = this.#door.link();
    const { task } = this.#state;
    if (!link) return;
    const unpairing = task.kind === 'confirm_unpair';
    if (unpairing && !this.#door.emit(new IteroBeforeUnpairEvent(task.impact?.openRequests.length ?? 0))) {
      this.#dispatch({ type: 'done' });
      return;
    }
    this.#dispatch({ type: unpairing ? 'unpair' : 'sign_out' });
    const round = this.#round;
    const answer = await (unpairing ? unpair : signOut)(link.api);
    if (round !== this.#round) return;
    if (!answer.ok) {
      this.#failed(answer.error);
      return;
    }
    this.#epoch++;
    this.#status = unpairing ? msg('The clinic is disconnected.') : msg('You are signed out of iTero.');
    this.#dispatch({ type: 'done' });
    await this.load();
  };

  readonly cancelSignIn = (): void => {
    this.#giveUpSignIn();
    this.#dispatch({ type: 'sign_in_ended' });
    // Back to the choice that the sign-in before still waits for.
    if (this.#again) void this.load();
  };

  #giveUpSignIn(): void {
    this.#attempt++;
    this.#began = false;
    this.#waiting?.close();
    this.#waiting = null;
    this.#stopWatch();
  }

  #stopWatch(): void {
    this.#watch?.stop();
    this.#watch = undefined;
  }
}
