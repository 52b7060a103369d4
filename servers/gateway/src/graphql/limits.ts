import { type DocumentNode, GraphQLError, type SelectionSetNode, type ValidationRule } from 'graphql';

/** Tokens of a query text. Lists of ids belong in variables. */
export const MAX_TOKENS = 4000;

const MAX_DEPTH = 20;
const MAX_FIELDS = 250;

interface Cost {
  depth: number;
  fields: number;
}

/** Refuses queries that nest too deep or ask for too many fields, fragments counted wherever they are spread. */
export const limits: ValidationRule = (context) => ({
  Document(document) {
    const { depth, fields } = costOf(document);
    if (depth > MAX_DEPTH) context.reportError(new GraphQLError(`A query can be ${MAX_DEPTH} levels deep.`));
    if (fields > MAX_FIELDS) context.reportError(new GraphQLError(`A query can have ${MAX_FIELDS} fields.`));
  },
});

function costOf(document: DocumentNode): Cost {
  const fragments = new Map<string, SelectionSetNode>();
  const known = new Map<string, Cost>();
  for (const definition of document.definitions) {
    if (definition.kind === 'FragmentDefinition')
      fragments.set(definition.name.value, definition.selectionSet);
  }

  const fragment = (name: string): Cost => {
    const cost = known.get(name);
    if (cost) return cost;
    // Stands for a fragment inside itself, which is refused elsewhere.
    known.set(name, { depth: 0, fields: 0 });
    const selections = fragments.get(name);
    const counted = selections ? selection(selections) : { depth: 0, fields: 0 };
    known.set(name, counted);
    return counted;
  };

  const selection = (set: SelectionSetNode): Cost => {
    const total: Cost = { depth: 0, fields: 0 };
    for (const node of set.selections) {
      const inner =
        node.kind === 'FragmentSpread'
          ? fragment(node.name.value)
          : node.selectionSet
            ? selection(node.selectionSet)
            : { depth: 0, fields: 0 };
      const own = node.kind === 'Field' ? 1 : 0;
      total.depth = Math.max(total.depth, inner.depth + own);
      total.fields += inner.fields + own;
    }
    return total;
  };

  const total: Cost = { depth: 0, fields: 0 };
  for (const definition of document.definitions) {
    if (definition.kind !== 'OperationDefinition') continue;
    const { depth, fields } = selection(definition.selectionSet);
    total.depth = Math.max(total.depth, depth);
    total.fields += fields;
  }
  return total;
}
