// @ts-check
// A Storage for apps that want none of the browser's.

import { own } from "./own.js";

/** A Storage that ends with the page. */
export class InMemoryWebStorage {
  _data = own();

  clear() { this._data = own(); }
  getItem(key) { return this._data[key]; }
  setItem(key, value) { this._data[key] = value; }
  removeItem(key) { delete this._data[key]; }
  get length() { return Object.keys(this._data).length; }
  key(index) { return Object.keys(this._data)[index]; }
}
