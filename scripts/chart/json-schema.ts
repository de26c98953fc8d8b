/** The part of JSON Schema (draft 7) that the values of the chart need. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
}

/** An object with these keys and no others. */
export function object(properties: Readonly<Record<string, JsonSchema>>, description?: string): JsonSchema {
  return { ...(description ? { description } : {}), type: 'object', properties, additionalProperties: false };
}

export function string(description: string): JsonSchema {
  return { description, type: 'string' };
}

export function oneOf(values: readonly string[], description: string): JsonSchema {
  return { description, type: 'string', enum: values };
}

export function bool(description: string): JsonSchema {
  return { description, type: 'boolean' };
}

export function integer(minimum: number, maximum: number, description: string): JsonSchema {
  return { description, type: 'integer', minimum, maximum };
}

export function array(items: JsonSchema, description: string): JsonSchema {
  return { description, type: 'array', items };
}

/** An object with any keys, whose values are as given. */
export function map(values: JsonSchema, description: string): JsonSchema {
  return { description, type: 'object', additionalProperties: values };
}

/** A part of a Kubernetes object, which the API server checks. */
export function any(description: string): JsonSchema {
  return { description, type: 'object' };
}
