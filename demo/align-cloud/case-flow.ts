import type { OrderStatus, Variant } from './model.ts';

/** The rows of align-api §6 after the first, "scanned". */
export const FLOW_EVENTS = [
  'sent-to-modeling',
  'modeling-completed',
  'sent-back-for-rescan',
  'rescan-completed',
  'second-interpretation-begins',
  'second-interpretation-completed',
] as const;

export type FlowEvent = (typeof FLOW_EVENTS)[number];

export interface FlowStep {
  from: readonly OrderStatus[];
  to: OrderStatus;
  /** New files, made as this variant; undefined when the files stay. */
  files: Variant | undefined;
  notify: boolean;
  label: string;
}

export const FLOW: Record<FlowEvent, FlowStep> = {
  'sent-to-modeling': {
    from: ['Completed', 'Lab Review'],
    to: 'iTero Modeling',
    files: undefined,
    notify: false,
    label: 'Send to modeling',
  },
  'modeling-completed': {
    from: ['iTero Modeling'],
    to: 'Lab Review',
    files: 'modeling',
    notify: true,
    label: 'Complete modeling',
  },
  'sent-back-for-rescan': {
    from: ['Completed', 'Lab Review', 'iTero Modeling'],
    to: 'Scanning',
    files: undefined,
    notify: false,
    label: 'Send back for a rescan',
  },
  'rescan-completed': {
    from: ['Scanning'],
    to: 'Completed',
    files: 'rescan',
    notify: true,
    label: 'Complete rescan',
  },
  'second-interpretation-begins': {
    from: ['Completed', 'Lab Review'],
    to: 'iTero Milling',
    files: undefined,
    notify: false,
    label: 'Begin second interpretation',
  },
  'second-interpretation-completed': {
    from: ['iTero Milling'],
    to: 'Lab Review',
    files: 'second-interpretation',
    notify: true,
    label: 'Complete second interpretation',
  },
};

/** What may happen next to a case in this status. */
export const nextEvents = (status: OrderStatus): FlowEvent[] =>
  FLOW_EVENTS.filter((event) => FLOW[event].from.includes(status));
