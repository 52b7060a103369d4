import type { App } from '@ao-ts/server-kit';
import type { Config } from '../config.ts';
import type { Context } from '../context.ts';
import type { Engine } from '../domain/engine.ts';

/** What each route gets. */
export interface Room {
  config: Config;
  context: Context;
  engine: Engine;
}

export type Route = (app: App, room: Room) => void;
