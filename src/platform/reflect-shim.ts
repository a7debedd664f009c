/**
 * @peculiar/x509 keeps its algorithms in a container (tsyringe) that refuses to load without the reflection of decorators. None of its
 * classes has a constructor that needs it: three functions that know nothing are enough. Whoever brought the real thing keeps it.
 */
interface MetadataReflect {
  getMetadata?: (key: unknown, target: object) => unknown;
  getOwnMetadata?: (key: unknown, target: object) => unknown;
  defineMetadata?: (key: unknown, value: unknown, target: object) => void;
}

const reflect = Reflect as MetadataReflect;
if (!reflect.getMetadata) {
  reflect.getMetadata = () => undefined;
  reflect.getOwnMetadata = () => undefined;
  reflect.defineMetadata = () => {};
}
