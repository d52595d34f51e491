// The types of preact.js, for checks; they are not served.
import type { VNode } from "preact";
export { h, render, Fragment, Component, createContext, createRef } from "preact";
export type { ComponentChildren, ComponentType, FunctionComponent, RefObject, VNode } from "preact";
export {
  useCallback, useContext, useEffect, useErrorBoundary, useId, useLayoutEffect, useMemo, useReducer, useRef, useState,
} from "preact/hooks";
export {
  batch, computed, effect, signal, untracked, useComputed, useSignal, useSignalEffect,
} from "@preact/signals";
export type { ReadonlySignal, Signal } from "@preact/signals";
export function html(strings: TemplateStringsArray, ...values: unknown[]): VNode<any>;
