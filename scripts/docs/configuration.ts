import { BaseConfig, OutboundConfig } from '@ao-ts/server-kit';
import { z } from 'zod';
import { ConfigSchema as Compute } from '../../servers/cu/src/config.ts';
import { ConfigSchema as Gateway } from '../../servers/gateway/src/config.ts';
import { ConfigSchema as Messenger } from '../../servers/mu/src/config.ts';
import { ModeSchema, ConfigSchema as Scheduler } from '../../servers/su/src/config.ts';
import { RouterSchema } from '../../servers/su/src/router/config.ts';
import { ConfigSchema as UnitRouter } from '../../servers/ur/src/config.ts';

const UNITS: Record<
  string,
  { title: string; schema: z.ZodObject; also?: { title: string; schema: z.ZodObject } }
> = {
  gateway: { title: 'the local gateway', schema: Gateway },
  su: {
    title: 'the Scheduler Unit',
    schema: z.object({ ...ModeSchema.shape, ...Scheduler.shape }),
    also: { title: 'With `MODE=router`', schema: RouterSchema },
  },
  mu: { title: 'the Messenger Unit', schema: Messenger },
  cu: { title: 'the Compute Unit', schema: Compute },
  ur: { title: 'the unit router', schema: UnitRouter },
};

const COMMON = new Set(Object.keys({ ...BaseConfig, ...OutboundConfig }));

interface JsonField {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  format?: string;
  minimum?: number;
  maximum?: number;
  kind?: string;
  shownDefault?: string;
  aliases?: string[];
}

/** The pages about the variables of each unit, by the path they have. */
export function configurationPages(): Map<string, string> {
  return new Map(
    Object.entries(UNITS).map(([unit, about]) => [`docs/configuration/${unit}.md`, page(unit, about)]),
  );
}

function page(unit: string, { title, schema, also }: (typeof UNITS)[string]): string {
  const { own, common } = rows(schema);
  const parts = [
    `# Configuration of ${title}`,
    `Made by \`npm run docs\` from \`servers/${unit}/src/config.ts\`. Every variable is one of the environment; empty text counts as unset, and a wrong value stops the start with its name.`,
    table(own),
    ...(also
      ? [
          `## ${also.title}`,
          'Of the variables above only `MODE` counts, and these do:',
          table(rows(also.schema).own),
        ]
      : []),
    '## As at every unit',
    table(common),
  ];
  return `${parts.join('\n\n')}\n`;
}

function rows(schema: z.ZodObject): { own: string[]; common: string[] } {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as {
    properties?: Record<string, JsonField>;
    required?: string[];
  };
  const own: string[] = [];
  const common: string[] = [];
  for (const [name, field] of Object.entries(properties)) {
    const byDefault = field.shownDefault ?? defaultOf(schema.shape[name] as z.ZodType);
    const shown = required.includes(name) ? '**needed**' : byDefault;
    const aliases = (field.aliases ?? []).map((alias) => `\`${alias}\``).join(', ');
    const meaning = `${field.description ?? ''}${aliases ? ` Also as ${aliases}.` : ''}`;
    const cells = [`\`${name}\``, typeOf(field), shown, meaning].map((cell) => cell.replaceAll('|', '\\|'));
    (COMMON.has(name) ? common : own).push(`| ${cells.join(' | ')} |`);
  }
  return { own, common };
}

function table(lines: string[]): string {
  return ['| variable | kind | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}

/** The default as one would write it in the environment. */
function defaultOf(field: z.ZodType): string {
  const { def } = field._zod as { def: { type: string; defaultValue?: unknown; innerType?: z.ZodType } };
  if (def.type !== 'default') return '';
  const value = def.defaultValue;
  if (value instanceof Map) return '';
  if (Array.isArray(value)) return value.length === 0 ? '' : `\`${value.join(',')}\``;
  return `\`${String(value)}\``;
}

function typeOf(field: JsonField): string {
  if (field.kind) return field.kind;
  if (field.enum?.toSorted().join() === '0,1,false,true') return '`true` or `false`';
  if (field.enum) return field.enum.map((value) => `\`${value}\``).join(', ');
  if (field.format === 'uri') return 'URL';
  if (field.type !== 'integer') return 'text';
  const { minimum, maximum = Number.MAX_SAFE_INTEGER } = field;
  const from = minimum === undefined || minimum <= 0 ? '' : ` from ${minimum}`;
  return `whole number${from}${maximum < Number.MAX_SAFE_INTEGER ? ` to ${maximum}` : ''}`;
}
