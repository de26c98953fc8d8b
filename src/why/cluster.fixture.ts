import type { Kind } from '../kubernetes/kinds.ts';
import type { Seen, Where } from '../kubernetes/reader.ts';
import type { Reader } from './gather.ts';

/** An object of Kubernetes as JSON. */
export type Raw = Readonly<Record<string, unknown>> & {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
};

/** The objects of a cluster, by plural. */
export class Objects {
  readonly #all = new Map<string, Raw>();
  /** Plurals that the API server does not know. */
  readonly unknown = new Set<string>();

  put(plural: string, object: Raw): this {
    this.#all.set(keyOf(plural, object.metadata.name, object.metadata.namespace), object);
    return this;
  }

  remove(plural: string, name: string, namespace?: string): this {
    this.#all.delete(keyOf(plural, name, namespace));
    return this;
  }

  get(plural: string, name: string, namespace?: string): Raw | undefined {
    return this.#all.get(keyOf(plural, name, namespace));
  }

  list(plural: string, { namespace, labels = '', fields = '' }: Where): Raw[] {
    return [...this.#all]
      .filter(([key]) => key.startsWith(`${plural} `))
      .map(([, object]) => object)
      .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
      .filter(({ metadata }) => fitsLabels((metadata['labels'] ?? {}) as Readonly<Record<string, string>>, labels))
      .filter((object) => fitsFields(object, fields));
  }

  /** Reads them without HTTP. */
  reader(): Reader {
    const at = (kind: Kind<unknown>) => !this.unknown.has(kind.plural);
    return {
      get: async <T>(kind: Kind<T>, name: string, namespace?: string): Promise<Seen<T>> => {
        const found = at(kind) ? this.get(kind.plural, name, namespace) : undefined;
        return found === undefined ? { is: 'absent' } : { is: 'there', object: kind.schema.parse(found) };
      },
      list: async <T>(kind: Kind<T>, where: Where = {}): Promise<Seen<readonly T[]>> => {
        if (!at(kind)) return { is: 'absent' };
        return { is: 'there', object: this.list(kind.plural, where).map((object) => kind.schema.parse(object)) };
      },
    };
  }
}

function keyOf(plural: string, name: string, namespace = ''): string {
  return `${plural} ${namespace}/${name}`;
}

/** `key`, `key=value` and `key in (a,b)`, as far as they are used. */
function fitsLabels(labels: Readonly<Record<string, string>>, selector: string): boolean {
  return selector.split(/,(?![^(]*\))/).every((term) => {
    const [, key = '', values = '', value] = /^([^ =]*)(?: in \(([^)]*)\))?(?:=(.*))?$/.exec(term) ?? [];
    if (term === '') return true;
    if (value !== undefined) return labels[key] === value;
    return values === '' ? key in labels : values.split(',').includes(labels[key] ?? '');
  });
}

/** Of Events only, as kubectl and the console ask for them. */
function fitsFields(object: Raw, selector: string): boolean {
  if (selector === '') return true;
  const involved = (object['involvedObject'] ?? {}) as Readonly<Record<string, string>>;
  return selector.split(',').every((term) => {
    const [key = '', value] = term.split('=');
    return key === 'type' ? object['type'] === value : involved[key.replace('involvedObject.', '')] === value;
  });
}
