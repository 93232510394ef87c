import { readdirSync, readFileSync } from 'node:fs';
import { invalidRequest, notFound } from './api-error.ts';
import type { Cloud } from './cloud.ts';
import { perform } from './control/actions.ts';
import type { Action } from './control/actions.ts';
import { readAction, readFault, readFlags } from './control/read-action.ts';
import type { FaultSpec } from './faults.ts';
import type { Flags } from './options.ts';
import { isObject } from './request-body.ts';

/** A day at Align's cloud, written down: switches, faults, and what people do when. */
export interface Scenario {
  name: string;
  title: string;
  description: string;
  flags?: Partial<Flags>;
  faults?: readonly FaultSpec[];
  /** Seconds by the clock after the scenario was loaded. */
  steps?: readonly { atSeconds: number; action: Action }[];
}

const FOLDER = new URL('scenarios/', import.meta.url);

/** @throws 422 naming what is wrong. */
export function readScenario(value: unknown): Scenario {
  if (!isObject(value)) throw invalidRequest({ scenario: 'must be an object' });
  const { name, title = name, description = '', flags = {}, faults = [], steps = [], ...more } = value;
  if (typeof name !== 'string' || typeof title !== 'string' || typeof description !== 'string') {
    throw invalidRequest({ name: 'must be text, as title and description' });
  }
  const unknown = Object.keys(more).filter((key) => key !== '$schema');
  if (unknown.length > 0) throw invalidRequest({ [unknown[0]!]: 'is not known' });
  if (!Array.isArray(faults) || !Array.isArray(steps)) throw invalidRequest({ faults: 'must be a list, as steps' });
  return {
    name,
    title,
    description,
    flags: readFlags(flags),
    faults: faults.map(readFault),
    steps: steps.map((one: unknown) => {
      if (!isObject(one) || typeof one['atSeconds'] !== 'number' || one['atSeconds'] < 0) {
        throw invalidRequest({ steps: 'each has atSeconds and action' });
      }
      return { atSeconds: one['atSeconds'], action: readAction(one['action']) };
    }),
  };
}

/** The scenarios that are shipped, by name. */
export function shippedScenarios(): Scenario[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => readScenario(JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8'))));
}

export function findScenario(name: string): Scenario {
  const found = shippedScenarios().find((scenario) => scenario.name === name);
  if (found === undefined) throw notFound('scenario');
  return found;
}

/** Adds the scenario's faults and switches to what is set already, and begins its steps. */
export function playScenario(cloud: Cloud, scenario: Scenario): void {
  Object.assign(cloud.flags, scenario.flags);
  for (const fault of scenario.faults ?? []) cloud.faults.add(fault);
  for (const { atSeconds, action } of scenario.steps ?? []) {
    cloud.clock.after(atSeconds * 1000, async () => {
      await perform(cloud, action).finished;
    });
  }
}
